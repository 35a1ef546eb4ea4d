#!/usr/bin/perl
# Grad-CAM as a process of cambench, in Perl without modules: the protocol of docs/process-methods.md.
use strict;
use warnings;

open my $talk,    '+<&=', 3 or die "start me from cambench: {name: process, params: {command: perl gradcam.pl}}\n";
open my $answers, '<&=',  4 or die "descriptor 4: $!\n";
open my $arrays,  '>&=',  5 or die "descriptor 5: $!\n";
$talk->autoflush(1);

# Reads n floats from the beginning of descriptor 4.
sub read_floats {
    my ($count) = @_;
    my $bytes = '';
    sysseek $answers, 0, 0;
    while (length $bytes < 4 * $count) {
        sysread $answers, $bytes, 4 * $count - length $bytes, length $bytes or die "descriptor 4 has ended\n";
    }
    return [unpack 'f*', $bytes];
}

# Sends a request; returns the sizes of the answer and its floats.
sub ask {
    my ($request) = @_;
    print $talk "$request\n";
    my $reply = <$talk> // exit;
    my ($status, @sizes) = split ' ', $reply;
    die "$request: $reply" if $status ne 'ok';
    my $count = 1;
    $count *= $_ for @sizes;
    return (\@sizes, read_floats($count));
}

# Writes a map to the beginning of descriptor 5 and says that it is there.
sub answer {
    my ($height, $width, $map) = @_;
    sysseek $arrays, 0, 0;
    syswrite $arrays, pack 'f*', @$map;
    print $talk "map $height $width\n";
}

# Weights each channel of the activations by the mean of its gradient to a power.
sub explain {
    my ($power) = @_;
    my ($sizes, $act) = ask('activations');
    my (undef, $grad) = ask('gradient logit');
    my ($channels, $height, $width) = @$sizes;
    my $plane = $height * $width;
    my @map = (0) x $plane;
    for my $k (0 .. $channels - 1) {
        my $weight = 0;
        $weight += $grad->[$k * $plane + $_] for 0 .. $plane - 1;
        $weight = ($weight / $plane)**$power;
        $map[$_] += $weight * $act->[$k * $plane + $_] for 0 .. $plane - 1;
    }
    answer($height, $width, \@map);
}

print $talk "cambench 1 Grad-CAM in Perl\n", "map layer\n", "param power float 1\n", "ready\n";
my %param;
while (my $line = <$talk>) {
    chomp $line;
    $param{$1} = $2 if $line =~ /^param (\w+) (.*)/;
    explain($param{power}) if $line =~ /^explain /;
}

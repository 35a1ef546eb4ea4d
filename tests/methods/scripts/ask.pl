# Sends requests, separated by ";", each with the same array, and answers with the first floats of the last reply.
use strict;
use warnings;

open my $talk,    '+<&=', 3 or die;
open my $answers, '<&=',  4 or die;
open my $arrays,  '>&=',  5 or die;
$talk->autoflush(1);
print $talk "cambench 1 Ask\nparam request text\nparam kind text fraction\nparam count int 0\nready\n";

my %param;
while (my $line = <$talk>) {
    chomp $line;
    $param{$1} = $2 if $line =~ /^param (\w+) (.*)/;
    next unless $line =~ /^explain .*map=(\d+)x(\d+)/;
    my ($height, $width, $count) = ($1, $2, 0);
    my @array = map { $param{kind} eq 'pair' ? ($_ % 2 ? $_ / 4 : $_ / 2) : (37 * $_ % 101) / 101 } 0 .. $param{count} - 1;
    for my $request (split /;/, $param{request}) {
        sysseek $arrays, 0, 0;
        syswrite $arrays, pack 'f*', @array if @array;
        print $talk "$request\n";
        my ($status, @sizes) = split ' ', <$talk>;
        die "$request: @sizes\n" if $status ne 'ok';
        $count = @sizes ? 1 : 0;
        $count *= $_ for @sizes;
    }
    my $plane = $height * $width;
    sysseek $answers, 0, 0;
    sysread $answers, my $bytes, 4 * ($count < $plane ? $count : $plane);
    sysseek $arrays, 0, 0;
    syswrite $arrays, $bytes . "\0" x (4 * $plane - length $bytes);
    print $talk "map $height $width\n";
}

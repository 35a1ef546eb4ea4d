#!/usr/bin/perl
# A network as a process of cambench, in Perl without modules: the protocol of docs/process-networks.md.
#
# One layer, "blocks" (4,8,8): for each block of the picture and each of four mixtures of its colours, the mean, cut off
# at 0. Its mean over the blocks, times a matrix, are the logits of five classes.
use strict;
use warnings;

open my $talk,    '+<&=', 3 or die "start me from cambench: {model: process, command: perl network.pl}\n";
open my $numbers, '<&=',  4 or die "descriptor 4: $!\n";
open my $arrays,  '>&=',  5 or die "descriptor 5: $!\n";
$talk->autoflush(1);

my ($side, $blocks, $channels, $classes) = (64, 8, 4, 5);
my $step    = $side / $blocks;
my $places  = $blocks * $blocks;
my @mixture = ([1, -0.5, 0], [0, 1, -0.5], [-0.5, 0, 1], [0.4, 0.4, 0.4]);
my @matrix  = map { my $k = $_; [map { ((7 * $k + 5 * $_) % 11 - 5) / 4 } 0 .. $channels - 1] } 0 .. $classes - 1;

# Floats from place $first of descriptor 4.
sub get {
    my ($first, $count) = @_;
    my $bytes = '';
    sysseek $numbers, 4 * $first, 0;
    while (length $bytes < 4 * $count) {
        sysread $numbers, $bytes, 4 * $count - length $bytes, length $bytes or die "descriptor 4 has ended\n";
    }
    return unpack 'f*', $bytes;
}

# Answers with floats and their sizes.
sub answer {
    my ($sizes, @floats) = @_;
    sysseek $arrays, 0, 0;
    syswrite $arrays, pack 'f*', @floats;
    print $talk "ok $sizes\n";
}

# The layer's value (4,8,8) before it is cut off, for a picture (3,64,64).
sub blocks {
    my ($x) = @_;
    my @value = (0) x ($channels * $places);
    for my $c (0 .. 2) {
        for my $i (0 .. $side - 1) {
            for my $j (0 .. $side - 1) {
                my $place = int($i / $step) * $blocks + int($j / $step);
                my $share = $x->[($c * $side + $i) * $side + $j] / ($step * $step);
                $value[$_ * $places + $place] += $mixture[$_][$c] * $share for 0 .. $channels - 1;
            }
        }
    }
    return @value;
}

sub logits {
    my (@act) = @_;
    my @mean = (0) x $channels;
    for my $c (0 .. $channels - 1) {
        $mean[$c] += $act[$c * $places + $_] / $places for 0 .. $places - 1;
    }
    my @logits = (0) x $classes;
    for my $k (0 .. $classes - 1) {
        $logits[$k] += $matrix[$k][$_] * $mean[$_] for 0 .. $channels - 1;
    }
    return @logits;
}

sub positive { return map { $_ > 0 ? $_ : 0 } @_ }

# The gradients of weighted logits at the layer and at the input.
sub gradients {
    my ($before, @weights) = @_;
    my (%gradient, @slope);
    for my $c (0 .. $channels - 1) {
        my $sum = 0;
        $sum += $weights[$_] * $matrix[$_][$c] for 0 .. $classes - 1;
        push @{$gradient{blocks}}, ($sum / $places) x $places;
    }
    @slope = map { $before->[$_] > 0 ? $gradient{blocks}[$_] : 0 } 0 .. $channels * $places - 1;
    for my $c (0 .. 2) {
        for my $i (0 .. $side - 1) {
            for my $j (0 .. $side - 1) {
                my $place = int($i / $step) * $blocks + int($j / $step);
                my $sum = 0;
                $sum += $mixture[$_][$c] * $slope[$_ * $places + $place] for 0 .. $channels - 1;
                push @{$gradient{input}}, $sum / ($step * $step);
            }
        }
    }
    return \%gradient;
}

print $talk "network 1 Blocks\ninput 3 $side $side\nclasses $classes\nlayer blocks $channels $blocks $blocks\n",
    "batch 8\nready\n";

my $size  = 3 * $side * $side;
my %shape = (input => "3x${side}x$side", blocks => "${channels}x${blocks}x$blocks");
my ($before, @wanted);
while (my $line = <$talk>) {
    my ($request, @words) = split ' ', $line;
    if ($request eq 'forward') {
        my ($count, @layers) = @words;
        my (@logits, @act);
        for my $n (0 .. $count - 1) {
            @act = positive(blocks([get($n * $size, $size)]));
            push @logits, logits(@act);
        }
        answer(join(' ', "${count}x$classes", map { $shape{$_} } @layers), @logits, @layers ? @act : ());
    }
    elsif ($request eq 'tail') {    # the picture, which this network does not need, then the activations
        my ($count) = @words;
        my $values = $channels * $places;
        answer("${count}x$classes", map { logits(get($size + $_ * $values, $values)) } 0 .. $count - 1);
    }
    elsif ($request eq 'gradient') {
        @wanted = @words;
        $before = [blocks([get(0, $size)])];
        answer($classes, logits(positive(@$before)));
    }
    elsif ($request eq 'weights') {
        my $gradient = gradients($before, get(0, $classes));
        answer(join(' ', map { $shape{$_} } @wanted), map { @{$gradient->{$_}} } @wanted);
    }
    elsif ($request eq 'tangent') {    # the logits are linear in the layer's value, without a constant
        answer($classes, logits(get(0, $channels * $places)));
    }
}

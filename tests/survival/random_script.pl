# A script that sends random messages: requests with right and wrong words, arrays of any size, pieces of lines, bytes that
# are no text, output, and nothing at all. Appends a byte to a file for each message.
# usage: random_script.pl COUNT_FILE SEED
use strict;
use warnings;

my ($file, $seed) = @ARGV;
open my $sent,    '>>',   $file or die;
open my $talk,    '+<&=', 3 or die;
open my $answers, '+<&=', 4 or die;
open my $arrays,  '+<&=', 5 or die;
open my $id, '>', "ids/$$" or die;
close $id;
$_->autoflush(1) for $talk, $sent;
srand($seed + $$ + time);
$SIG{PIPE} = sub { exit };

sub one_of { return $_[int rand @_] }

sub number { return one_of(0, 1, 1, 2, 3, int rand 20, int rand 20, -1, 1048576, 1048577, 99999999999, '1.5', 'nan', '', 'x') }

sub word {
    return one_of(qw(input activations logits probabilities gradient gradient_of input_gradient tail spatial_masks channels
        masked black blurred upsample at_input at_image logit prob logprob rest plain guided deconvolution layer3 layer4
        layer9 zero baseline corners half_pixel map error ok param explain cambench ready), number());
}

sub request {
    my $n = one_of(1, 1, 2, 3, int rand 20);
    return one_of(
        'input', 'activations', 'activations layer3', 'logits', 'probabilities', 'black', 'at_input', 'at_image',
        'gradient ' . one_of(qw(logit prob logprob rest)),
        'gradient ' . one_of(qw(logit prob)) . ' ' . one_of(qw(plain guided deconvolution)) . ' layer3 layer4',
        'gradient_of', 'gradient_of layer3', 'input_gradient logit guided', "tail $n", "tail $n layer3",
        "spatial_masks $n", "channels $n", "masked $n", "masked $n baseline", 'blurred 5 2', 'upsample corners',
        join(' ', one_of(qw(tail spatial_masks channels masked)), number()),
        join(' ', word(), map { word() } 1 .. int rand 3));
}

sub array {
    my $kind = int rand 12;
    if    ($kind == 0) { truncate $arrays, int rand 100000 }
    elsif ($kind == 1) { truncate $arrays, 1 << int rand 40 }
    elsif ($kind == 2) { truncate $answers, int rand 1000 }
    else {
        sysseek $arrays, 0, 0;
        my $count = int rand 20000;
        my $value = one_of(0, 1, 0.5, -1, 1e30, 'inf', 'nan', int rand 9);
        syswrite $arrays, pack 'f*', ($value) x $count;
    }
}

# Sends; returns whether an answer will come.
sub message {
    my $kind = int rand 1000;
    print $sent '.';
    array() if rand() < 0.3;
    if ($kind < 970) { print $talk request(), "\n"; return 1 }
    if ($kind < 975) { print $talk 'x' x int rand 6000; return 0 }
    if ($kind < 980) { print $talk join('', map { chr int rand 256 } 1 .. int rand 50), "\n"; return 0 }
    if ($kind < 990) { print $talk map { request() . "\n" } 1 .. int rand 300; return 0 }
    if ($kind < 992) { syswrite STDOUT, "hello\n" }
    if ($kind < 994) { syswrite STDERR, 'e' x int rand 200000 }
    if ($kind == 994) { kill one_of(9, 11, 15), $$ }
    if ($kind == 995) { close $talk }
    if ($kind == 996) { exit int rand 256 }
    if ($kind == 997) { sleep 3 if rand() < 0.1 }
    return 0;
}

print $talk "cambench 1 Random\n";
print $talk 'map ', one_of('layer', 'input', 'layer signed', 'layer normalised'), "\n" if rand() < 0.5;
print $talk rand() < 0.995 ? "ready\n" : request() . "\n";
while (my $line = <$talk>) {
    next unless $line =~ /^explain .*map=(\d+)x(\d+)/;
    my ($height, $width) = ($1, $2);
    for (1 .. int rand 1000) {
        next unless message();
        $line = <$talk>;
        exit unless defined $line;
    }
    print $talk one_of("map $height $width", 'map 3 4', 'error', 'error ' . request()), "\n";
}

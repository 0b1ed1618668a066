# Instructions a request, counted by callgrind, have not grown by more than 2 %
# over the figures in bench/instructions.json, which are of one nginx and one
# compiler.  A change that costs more on purpose writes them anew:
# UPDATE=1 prove -It/lib t/instructions.t

use strict;
use warnings;

use lib 'bench', 't/lib';

use JSON::PP ();
use Test::More;

use Gateway;

use Bench::Instructions qw(instructions);
use Bench::Variants qw(variants upstream_config);
use Bench::Workloads qw(workloads);

my $figures = 'bench/instructions.json';
my $most = 0.02;

my $compiler = qx(@{[$ENV{CC} // 'gcc']} --version) =~ /^(\w+).*?(\d+)\./
               ? "$1 $2" : 'unknown';

# the module is built with the flags of nginx

my $built = qx(@{[Gateway::nginx()]} -V 2>&1);
my $nginx = join ' ', $built =~ /nginx\/[\d.]+/g,
                      $built =~ /--with-cc-opt=('[^']*'|\S+)/;

open my $cpu, '<', '/proc/cpuinfo' or die "cpuinfo: $!\n";
my $avx2 = grep { /^flags\b.*\bavx2\b/ } <$cpu>;
close $cpu;

my $json = JSON::PP->new->canonical->pretty;
my $kept = do {
    open my $fh, '<', $figures or die "$figures: $!\n";
    local $/;
    $json->decode(<$fh>);
};

plan skip_all => "the figures are those of $kept->{nginx} and"
                 . " $kept->{compiler} with AVX2, this is $nginx and $compiler"
    if !$ENV{UPDATE} && ($nginx ne $kept->{nginx}
                         || $compiler ne $kept->{compiler} || !$avx2);

my @workloads = grep {
    $_->{key} =~ /^(?:create|detail|refused_create|show|delete|passer\w*)$/
} workloads();
my %variant = map { $_->{key} => $_ } variants();

my $port = Gateway::free_port();
my $upstream = Gateway::Process->new(port => $port,
                                      config => upstream_config($port));

# nginx's own may differ by its version and that of the C library, so what is
# compared is how much more a request costs than without the gateway

my %found = map {
    $_ => instructions($variant{$_}, port => Gateway::free_port(),
                       upstream => $port, seconds => 0.2,
                       workloads => \@workloads)
} qw(plain enforce_zone);

$upstream->end;

my %now;

for my $w (map { $_->{key} } @workloads) {
    my ($plain, $ours) = map { $found{$_}{$w} } qw(plain enforce_zone);

    $now{$w} = {
        own => int $ours->{own},
        all => int $ours->{instructions},
        more => int $ours->{instructions} - $plain->{instructions},
    };
}

if ($ENV{UPDATE}) {
    open my $fh, '>', $figures or die "$figures: $!\n";
    print $fh $json->encode({ compiler => $compiler, nginx => $nginx,
                              workloads => \%now });
    close $fh;
}

for my $w (sort keys %now) {
    my ($now, $was) = ($now{$w}, $ENV{UPDATE} ? $now{$w}
                                              : $kept->{workloads}{$w});

    cmp_ok($now->{own}, '>', 0, "$w: the module is counted");
    cmp_ok($now->{own}, '<=', $was->{own} * (1 + $most),
           "$w: the module's own instructions");
    cmp_ok($now->{more}, '<=', $was->{more} + $was->{all} * $most,
           "$w: instructions over a plain proxy_pass");
    note "$w: $now->{all} in all";
}

done_testing;

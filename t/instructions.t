# What a request costs in instructions, counted by callgrind: each row of the
# contract, section 9, and bodies and paths of each kind of badness.  A row is
# red where it takes more than it may, or, as long as it takes more than that,
# where it takes 2 % more than bench/instructions.json says, which has the
# figures of one nginx and one compiler, with the budgets beside them.  Where a
# change makes them less, or costs more on purpose, write them anew:
# UPDATE=1 prove -It/lib t/instructions.t

use strict;
use warnings;

use lib 'bench', 't/lib';

use JSON::PP ();
use Test::More;

use Gateway;

use Bench::Budgets qw(budgets budget_takes);
use Bench::Instructions qw(instructions);
use Bench::Variants qw(variants upstream_config);
use Bench::Workloads qw(workloads odd_workloads);

my $figures = 'bench/instructions.json';

# of all that a request takes in nginx: as far as two runs are apart

my $noise = 0.02;

my @budgets = budgets();

# past nginx's own, calls of the allocator

my @no_allocations = qw(create detail show);

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

system('make', '-s', 'build/floor/ngx_http_floor_module.so') == 0
    or BAIL_OUT('the floor is not built');

my %workload = map { $_->{key} => $_ } workloads(), odd_workloads();
my %variant = map { $_->{key} => $_ } variants();

my $port = Gateway::free_port();
my $upstream = Gateway::Process->new(port => $port,
                                     config => upstream_config($port));

sub counted {
    my ($variant, @keys) = @_;

    return instructions($variant{$variant}, port => Gateway::free_port(),
                        upstream => $port, seconds => 0.2,
                        workloads => [@workload{@keys}]);
}

my %found = (
    enforce_zone => counted('enforce_zone', map { $_->[0] } @budgets),
    map { my $over = $_;
          $over => counted($over, map { $_->[0] }
                           grep { $_->[2] eq $over } @budgets) }
        'floor', 'plain',
);

my @off = map { counted($_, 'create') } 'off', 'plain';

$upstream->end;

my %now;

# what a row takes, and what it may

sub row {
    my ($key, $budget, $over, $byte) = my @row = @_;

    my $w = $workload{$key};
    my $ours = $found{enforce_zone}{$key}{instructions};
    my $base = $over ? $found{$over}{$key}{instructions} : 0;
    my $takes = budget_takes(\@row, $w, $ours, $base);
    my $noise = budget_takes(\@row, $w, $noise * $ours, 0);

    my $was = $kept->{rows}{$key}{now} // 0;
    my $may = $budget > $was ? $budget : $was;
    my $title = $w->{name} . ', ' . ($over ? "over $over" : 'in all')
                . ($byte ? ', a byte' : '');

    $now{$key} = { budget => $budget, now => 0 + sprintf '%.5g', $takes };
    $may = $takes if $ENV{UPDATE};

    cmp_ok($takes, '<=', $may + $noise, "$title: at most $budget"
           . ($takes > $budget ? sprintf ', not yet: %.5g', $takes : ''));
}

row(@$_) for @budgets;

for my $key (@no_allocations) {
    is(0 + sprintf('%.1f', $found{enforce_zone}{$key}{heap}), 0,
       "$workload{$key}{name}: nothing is allocated past nginx's pools");
}

my ($off, $plain) = map { $_->{create}{instructions} } @off;

cmp_ok($off - $plain, '<=', 30 + $noise * $plain,
       'a gateway that is off costs nothing');

if ($ENV{UPDATE}) {
    open my $fh, '>', $figures or die "$figures: $!\n";
    print $fh $json->encode({ compiler => $compiler, nginx => $nginx,
                              rows => \%now });
    close $fh;
}

done_testing;

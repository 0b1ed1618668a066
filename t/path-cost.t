# Reading a path costs at most so many instructions a byte, whatever is in it:
# counted by callgrind, without nginx, for the longest paths of each kind that
# was found to cost most.

use strict;
use warnings;

use File::Temp ();
use Test::More;

# CONTRACT section 9 has 40 for all of the gateway

my $most = 38;
my $cc = $ENV{CC} // 'gcc';
my $dir = File::Temp->newdir(TMPDIR => 1);

my @core = map { "src/core/ngx_snapshot_$_.c" }
               qw(path route contract text check regex);

system($cc, qw(-std=c11 -D_DEFAULT_SOURCE -O2 -g -Isrc/core -o), "$dir/cost",
       't/data/path-cost.c', @core, '-lpcre2-8') == 0
    or BAIL_OUT('t/data/path-cost.c does not compile');

my $said = qx(valgrind --tool=callgrind --quiet --log-file=/dev/null \\
              --collect-atstart=no --callgrind-out-file=$dir/out $dir/cost);

is($?, 0, 'all of them are read') or BAIL_OUT('there is nothing to count');

my %bytes = $said =~ /^(.+)\t(\d+)$/mg;
my %instructions;

for my $name (glob "$dir/out.*") {
    my $path;

    open my $fh, '<', $name or die "$name: $!\n";

    while (<$fh>) {
        $path = $1 if /^desc: Trigger: Client Request: (.*)/;
        $instructions{$path} = $1
            if /^(?:summary|totals): (\d+)/ && defined $path;
    }
}

for my $path (sort keys %bytes) {
    my $cost = ($instructions{$path} // 0) / $bytes{$path};

    ok($cost > 0 && $cost <= $most,
       sprintf '%s: at most %d instructions a byte', $path, $most)
        or diag("$cost");
    note(sprintf '%.1f', $cost);
}

done_testing;

package Bench::Load;

# One round of wrk against a gateway: requests a second, latencies, and the
# processor time that the worker took.

use strict;
use warnings;

use Exporter 'import';

use Gateway::Process qw(slurp);

use Bench::Workloads;

our @EXPORT_OK = qw(load_round wrk cpu_seconds);

my $connections = 16;

my $done = <<'EOT';
function done(summary, latency)
    local e = summary.errors
    io.write(string.format("done %d %d %d %d %d %d\n", summary.requests,
             summary.duration, latency:percentile(50), latency:percentile(99),
             e.status, e.connect + e.read + e.write + e.timeout))
end
EOT

my $the_one = "function request() return requests[1] end\n";
my $in_turn = <<'EOT';
function request()
    i = i % #requests + 1
    return requests[i]
end
EOT

# Requests that take turns, for so many seconds, from the last core.

sub wrk {
    my ($g, $seconds, @workloads) = @_;

    my $script = "$g->{dir}/wrk.lua";
    my $core = cores() - 1;

    open my $fh, '>', $script or die "$script: $!\n";
    print $fh "local json = { ['Content-Type'] = 'application/json' }\n",
              "local requests, i = {}, 0\nfunction init()\n";

    for my $w (@workloads) {
        my $format = defined $w->{body}
            ? qq('$w->{method}', '$w->{target}', json, [==[$w->{body}]==])
            : qq('$w->{method}', '$w->{target}');
        print $fh "requests[#requests + 1] = wrk.format($format)\n";
    }

    print $fh "end\n", $done;
    print $fh @workloads > 1 ? $in_turn : $the_one;
    close $fh;

    my $said = qx(taskset -c $core wrk -t1 -c$connections -d${seconds}s \\
                  --latency -s $script http://127.0.0.1:$g->{port}/ 2>&1);

    my @found = $said =~ /^done (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/m
        or die "wrk: $said\n";
    my %found;

    @found{qw(requests usec p50 p99 refused errors)} = @found;

    die "wrk met errors:\n$said\n" if $found{errors} || !$found{requests};

    return \%found;
}

sub cores {
    my ($n) = qx(nproc) =~ /(\d+)/;
    return $n;
}

# user and system time; /proc/PID/schedstat has the sum of both in nanoseconds,
# of which /proc/PID/stat tells ticks of 10 ms

sub cpu_seconds {
    my ($pid) = @_;

    my ($ns) = slurp("/proc/$pid/schedstat") =~ /^(\d+)/;
    return $ns / 1e9 if $ns;

    my @stat = split ' ', slurp("/proc/$pid/stat") =~ s/.*\) //sr;
    return ($stat[11] + $stat[12]) / 100;
}

sub load_round {
    my ($v, $g, $w, $seconds) = @_;

    my $worker = $g->worker;
    my $before = cpu_seconds($worker);
    my $found = wrk($g, $seconds, $w);
    my $cpu = cpu_seconds($worker) - $before;
    my $passed = Bench::Variants::expected($v, $w) == 202;

    die "$v->{key}: $found->{refused} of $found->{requests} refused\n"
        if $found->{refused} != ($passed ? 0 : $found->{requests});

    return {
        rate => $found->{requests} / $found->{usec} * 1e6,
        cpu_us => $cpu / $found->{requests} * 1e6,
        busy => $cpu / $found->{usec} * 1e6,
        p50_us => $found->{p50}, p99_us => $found->{p99},
    };
}

1;

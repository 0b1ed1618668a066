package Bench::Memory;

# What a gateway grows by: over many requests of which some are refused, and
# over many reloads with requests between.  Sizes are those of
# /proc/PID/smaps_rollup, in kB.

use strict;
use warnings;

use Exporter 'import';
use Gateway::Client;
use Gateway::Process qw(slurp);

use Bench::Load;
use Bench::Variants;
use Bench::Workloads;

our @EXPORT_OK = qw(over_requests over_reloads);

sub sizes {
    my @pids = @_;

    my %sum = (rss => 0, pss => 0, private => 0);

    for my $pid (@pids) {
        my $text = slurp("/proc/$pid/smaps_rollup");
        my %kb = $text =~ /^(\w+): +(\d+) kB$/mg;

        $sum{rss} += $kb{Rss};
        $sum{pss} += $kb{Pss};
        $sum{private} += $kb{Private_Clean} + $kb{Private_Dirty};
    }

    return %sum;
}

# The sizes of the worker at intervals.  The first is taken when all of its
# pages have been touched.

sub over_requests {
    my ($g, $requests, $seconds, @workloads) = @_;

    my $worker = $g->worker;
    my @samples;

    Bench::Load::wrk($g, $seconds, @workloads);
    push @samples, { requests => 0, sizes($worker) };

    for (my $n = 0; $n < $requests; ) {
        $n += Bench::Load::wrk($g, $seconds, @workloads)->{requests};
        push @samples, { requests => $n, sizes($worker) };
    }

    return \@samples;
}

# The sum of master and worker at intervals; a worker that is replaced ends
# before the next reload.

sub over_reloads {
    my ($v, $g, $reloads, $step, @workloads) = @_;

    my @samples;

    for my $n (0 .. $reloads) {
        $g->reload if $n > 0;

        my $client = Gateway::Client->new($g->{port});
        $client->send_all(Bench::Workloads::request($_), 2,
                          Bench::Variants::expected($v, $_)) for @workloads;

        push @samples, { reloads => $n, sizes($g->{pid}, $g->worker) }
            if $n % $step == 0;
    }

    return \@samples;
}

1;

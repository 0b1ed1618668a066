package Bench::Syscalls;

# System calls a request, counted by strace at a worker that serves one
# connection.

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(sleep time);

use Gateway::Client;

use Bench::Variants;
use Bench::Workloads;

our @EXPORT_OK = qw(syscalls);

my $requests = 100;
my $patience = 3;

sub syscalls {
    my ($v, $g, $w) = @_;

    my $status = Bench::Variants::expected($v, $w);
    my $request = Bench::Workloads::request($w);
    my $client = Gateway::Client->new($g->{port});
    my $out = "$g->{dir}/strace";
    my $worker = $g->worker;

    # one without strace: the connections are made, the buffers are there

    $client->send_all($request, 3, $status);

    my $strace = open my $said, '-|',
                      "exec strace -f -c -o $out -p $worker 2>&1"
        or die "strace: $!\n";
    my $line = <$said> // '';
    die "strace: $line\n" if $line !~ / attached/;

    my $began = time;
    my $n = 0;

    while ($n < $requests && ($n < 10 || time - $began < $patience)) {
        $client->send_all($request, 1, $status);
        $n++;
    }

    # what the worker does after the last answer belongs to it

    sleep 0.03;
    kill 'INT', $strace;
    local ($?, $!);
    close $said;

    my %calls;

    open my $fh, '<', $out or die "$out: $!\n";

    while (<$fh>) {
        $calls{$2} = $1 / $n
            if /^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$/
               && $2 ne 'total';
    }

    my $sum = 0;
    $sum += $_ for values %calls;

    return { syscalls => $sum, calls => \%calls };
}

1;

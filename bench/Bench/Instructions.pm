package Bench::Instructions;

# Instructions in user space and calls of the allocator, counted by callgrind:
# the difference of two run lengths, each between two moments at which nginx
# waits, so that neither its start nor the connection nor the waking for a count
# is in it.  One process serves all workloads of a variant.

use strict;
use warnings;

use Exporter 'import';
use File::Basename;
use List::Util qw(max min);
use POSIX ();
use Time::HiRes qw(time);

use Gateway::Client;
use Gateway::Process;

use Bench::Variants;
use Bench::Workloads;

our @EXPORT_OK = qw(instructions);

# LuaJIT goes on compiling what has run 56 times, and its side exits; caches and
# pools fill sooner

my $warm = 300;

my @allocators = qw(malloc calloc realloc posix_memalign memalign
                    aligned_alloc);

# while it serves, nginx itself allocates for pools only; these functions are
# how a module has it allocate past them

my $past_pools = qr/^ngx_(?:alloc|calloc|memalign|create_pool)$/;

sub control {
    my ($pid, $command) = @_;

    my $said = qx(vgdb --pid=$pid --max-invoke-ms=20 $command 2>&1);

    die "vgdb: $said\n" if $? != 0;
}

# The instructions of a dump, the calls of an allocator in it, how many of them
# a module or library made past nginx's pools, and the instructions of the
# gateway's own code.

sub parse {
    my ($name) = @_;

    local $_;
    my (%name, $object, $callee, $call, $total);
    my $nginx = qr/\/\Q@{[basename(Gateway::Process::nginx())]}\E$/;
    my $module = Gateway::Process::module();
    my ($calls, $heap, $own) = (0, 0, 0);

    open my $fh, '<', $name or die "$name: $!\n";

    while (<$fh>) {
        if (/^(c?)(ob|fn)=\((\d+)\)(?: (.*))?$/) {
            $name{$2}{$3} = $4 if defined $4;

            my $n = $name{$2}{$3};

            if ($2 eq 'ob') {
                $object = $n if !$1;

            } elsif ($1) {
                $callee = $n;
            }

        } elsif (/^[-+*\d]\S* (\d+)$/) {

            # the line after that of a call is what the callee has cost

            $own += $1 if !$call && $object eq $module;
            $call = 0;

        } elsif (/^calls=(\d+)/) {
            my $n = $1;
            my $alloc = grep { $callee eq $_ } @allocators;

            $call = 1;

            next if $object =~ /\/(?:libc|ld-)[^\/]*$/;

            $calls += $n if $alloc;
            $heap += $n if $object !~ $nginx
                           && ($alloc || $callee =~ $past_pools);

        } elsif (/^(?:totals|summary): (\d+)/) {
            $total = $1;
        }
    }

    return ($total // die("$name has no count\n"), $calls, $heap, $own);
}

# instructions(VARIANT, port => PORT, upstream => PORT, seconds => SECONDS of
# one workload, workloads => [...])

sub instructions {
    my ($v, %opt) = @_;

    my $port = $opt{port};
    my $g = Gateway::Process->prepare(port => $port);
    my $dumps = 0;
    my %found;

    $g->{through} = ['valgrind', '--tool=callgrind', '--quiet',
                     '--dump-line=no', "--callgrind-out-file=$g->{dir}/out"];
    $g->write('nginx.conf', Bench::Variants::config($v, port => $port,
        upstream => $opt{upstream}, main => 'master_process off;'));
    $g->start;

    for my $w (@{ $opt{workloads} }) {
        my $status = Bench::Variants::expected($v, $w);
        my $request = Bench::Workloads::request($w);
        my $client = Gateway::Client->new($port);
        my $began = time;
        my $sent = 0;

        until ($sent >= $warm
               || $sent >= 3 && time - $began > 8 * $opt{seconds})
        {
            $client->send_all($request, 1, $status);
            $sent++;
        }

        my $each = (time - $began) / $sent;
        my $n = POSIX::ceil(max(5, min(500, $opt{seconds} / $each)));
        my @counts;

        control($g->{pid}, 'zero');

        for my $length (POSIX::ceil($n / 5), $n) {
            $client->send_all($request, $length, $status);
            control($g->{pid}, 'dump');
            push @counts, [$length, parse("$g->{dir}/out." . ++$dumps)];
        }

        my ($requests, @more) = map { $counts[1][$_] - $counts[0][$_] } 0 .. 4;

        $found{ $w->{key} }{requests} = $requests;
        @{ $found{ $w->{key} } }{qw(instructions allocations heap own)}
            = map { $_ / $requests } @more;
    }

    $g->end;

    return \%found;
}

1;

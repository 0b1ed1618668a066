package Bench::Jobs;

# Runs jobs side by side, each in a process of its own, and returns what they
# found, in their order.

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();
use JSON::PP ();

use Gateway::Process qw(slurp);

our @EXPORT_OK = qw(in_parallel);

my $json = JSON::PP->new->allow_nonref;
my %running;

END {
    local $?;
    kill 'TERM', keys %running;
    waitpid $_, 0 for keys %running;
}

sub in_parallel {
    my ($most, @jobs) = @_;

    my (@found, $failed);
    my $next = 0;

    while (%running || $next < @jobs && !$failed) {
        if ($next < @jobs && !$failed && keys %running < $most) {
            start($next, $jobs[$next]);
            $next++;
            next;
        }

        my $pid = wait;
        my $job = delete $running{$pid} or next;
        my $text = slurp($job->{file});

        $failed //= "a job failed\n" if $? != 0;
        $found[ $job->{n} ] = $json->decode($text) if $? == 0;
    }

    die $failed if defined $failed;

    return @found;
}

sub start {
    my ($n, $job) = @_;

    my $file = File::Temp->new;
    my $pid = fork() // die "fork: $!\n";

    if ($pid) {
        $running{$pid} = { n => $n, file => $file };
        return;
    }

    %running = ();

    print $file $json->encode($job->());
    close $file;
    exit 0;
}

1;

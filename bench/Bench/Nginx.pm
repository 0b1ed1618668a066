package Bench::Nginx;

# An nginx in a directory of its own: the gateway of a variant, or the upstream
# that all share.  What was started here is ended here, by its own pid.

use strict;
use warnings;

use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep);

use Gateway;

my %running;

END {
    local $?;

    for my $self (values %running) {
        kill 'KILL', $self->workers, $self->{pid};
        waitpid $self->{pid}, 0;
    }

    # their directories are removed while Perl is still whole

    %running = ();
}

# new(port => PORT, config => TEXT, wrapper => [COMMAND...]): the wrapper comes
# before nginx

sub new {
    my ($class, %opt) = @_;

    my $self = bless {
        dir     => File::Temp->newdir,
        port    => $opt{port},
        wrapper => $opt{wrapper} // [],
    }, $class;

    $self->configure($opt{config});
    $self->start;

    return $self;
}

sub configure {
    my ($self, $text) = @_;

    open my $fh, '>', "$self->{dir}/nginx.conf" or die "nginx.conf: $!\n";
    print $fh $text;
    close $fh;
}

sub start {
    my ($self) = @_;

    my $dir = $self->{dir};
    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        chdir $dir;
        open STDOUT, '>>', "$dir/stdout";
        open STDERR, '>>', "$dir/stderr";
        { exec @{ $self->{wrapper} }, Gateway::command($dir, 'nginx.conf') };
        POSIX::_exit(127);
    }

    $self->{pid} = $pid;
    $running{$pid} = $self;

    for (1 .. 1500) {
        return if IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}");
        die $self->said('nginx did not start')
            if waitpid($pid, POSIX::WNOHANG()) > 0;
        sleep 0.02;
    }

    die $self->said('nginx does not listen');
}

sub said {
    my ($self, $what) = @_;

    return join '', "$what: ", map({ slurp("$self->{dir}/$_") } 'stderr',
                                   'error.log'), "\n";
}

sub slurp {
    my ($name) = @_;

    open my $fh, '<', $name or return '';
    local $/;
    return <$fh> // '';
}

# the worker processes of a master, the oldest first

sub workers {
    my ($self) = @_;

    return sort { $a <=> $b } map { /^(\d+) \(.*\) \S (\d+)/s
                                    && $2 == $self->{pid} ? $1 : () }
           map { slurp($_) } glob '/proc/[0-9]*/stat';
}

sub worker {
    my ($self) = @_;

    for (1 .. 100) {
        my ($worker) = $self->workers;
        return $worker if $worker;
        sleep 0.02;
    }

    die $self->said('nginx has no worker');
}

# under valgrind a signal alone does not wake nginx

sub stop {
    my ($self) = @_;

    kill 'TERM', $self->{pid};

    until (waitpid($self->{pid}, POSIX::WNOHANG()) > 0) {
        IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}");
        sleep 0.02;
    }

    delete $running{ $self->{pid} };
}

# a child of the benchmark that ends leaves its parent's alone

sub disown { %running = () }

1;

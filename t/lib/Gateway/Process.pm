package Gateway::Process;

# An nginx in a folder of its own.  What was started here is ended here, by its
# own pid, also where the program dies.

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Scalar::Util qw(weaken);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(nginx module version command slurp);

my %running;

END {
    local $?;

    $_->end for grep { defined } values %running;
}

sub nginx { return $ENV{TEST_NGINX} // 'nginx' }

sub module {
    return $ENV{TEST_MODULE}
           // POSIX::getcwd() . '/build/ngx_http_snapshot_module.so';
}

# of nginx, to be compared with a v-string

sub version {
    my ($version) = qx(@{[nginx()]} -v 2>&1) =~ /nginx\/([\d.]+)/
        or die "nginx has no version\n";

    return pack 'U*', split /\./, $version;
}

# what runs nginx in a folder; what it says before it has read a configuration
# goes nowhere but to its standard error

sub command {
    my ($dir, $conf, @options) = @_;

    return (nginx(), '-p', "$dir/", '-e', 'stderr', '-c', $conf, @options);
}

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or return '';
    local $/;
    return <$fh> // '';
}

# prepare(port => PORT, through => [COMMAND]): the folder is there, nothing is
# started; the command runs nginx

sub prepare {
    my ($class, %opt) = @_;

    return bless {
        dir     => File::Temp->newdir(TMPDIR => 1),
        port    => $opt{port},
        through => $opt{through} // [],
    }, $class;
}

# new(port => PORT, config => TEXT, through => [COMMAND])

sub new {
    my ($class, %opt) = @_;

    my $self = $class->prepare(%opt);

    $self->write('nginx.conf', $opt{config});
    $self->start;

    return $self;
}

sub write {
    my ($self, $name, $content) = @_;

    open my $fh, '>:raw', "$self->{dir}/$name" or die "$name: $!\n";
    print $fh $content;
    close $fh;
}

sub read {
    my ($self, $name) = @_;

    return slurp("$self->{dir}/$name");
}

# the whole lines of a file, of which the last may still be being written

sub lines {
    my ($self, $name) = @_;

    return $self->read($name) =~ /^(.*)\n/mg;
}

# nginx writes its pid once all of its ports listen

sub start {
    my ($self) = @_;

    my ($written) = $self->read('nginx.conf') =~ /^pid (\S+);/m;
    $written = "$self->{dir}/$written" if $written;
    unlink $written if $written;

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        open STDERR, '>>', "$self->{dir}/stderr.log";
        { exec @{ $self->{through} }, command($self->{dir}, 'nginx.conf') };
        POSIX::_exit(127);
    }

    @$self{qw(pid owner)} = ($pid, $$);
    weaken($running{$pid} = $self);

    for (1 .. 1500) {
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}");
        return if $s && (!$written || -s $written);

        if (waitpid($pid, POSIX::WNOHANG()) > 0) {
            delete $self->{pid};
            die $self->said('nginx did not start');
        }

        sleep 0.02;
    }

    die $self->said('nginx does not listen');
}

sub said {
    my ($self, $what) = @_;

    return "$what: " . $self->read('stderr.log') . $self->read('error.log');
}

sub signal {
    my ($self, $signal) = @_;

    kill $signal, $self->{pid};
}

# the workers that take requests, the oldest first; one that ends says so in its
# title

sub workers {
    my ($self) = @_;

    return sort { $a <=> $b }
           grep { slurp("/proc/$_/cmdline") !~ /shutting down/ }
           $self->children;
}

sub children {
    my ($self) = @_;

    return map { /^(\d+) \(.*\) [^Z] (\d+)/s && $2 == $self->{pid} ? $1 : () }
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

# until none of the workers is one of before: for a moment the old ones take
# requests beside the new ones

sub reload {
    my ($self) = @_;

    my %old = map { $_ => 1 } $self->workers;

    $self->signal('HUP');

    for (1 .. 2000) {
        my @now = $self->workers;
        return if @now && !grep { $old{$_} } @now;
        sleep 0.005;
    }

    die $self->said('no reload');
}

# Ends it with a signal, "TERM" or "QUIT"; true if it has ended in so many
# seconds.  Under valgrind a signal alone does not wake nginx, but a connection
# does.

sub stop {
    my ($self, $signal, $seconds) = @_;

    my $until = time + $seconds;

    $self->signal($signal);

    while (time < $until) {
        if (waitpid($self->{pid}, POSIX::WNOHANG()) != 0) {
            delete $running{ delete $self->{pid} };
            return 1;
        }

        IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}")
            if @{ $self->{through} };
        sleep 0.025;
    }

    return 0;
}

# ends what was started by this process, whatever it takes

sub end {
    my ($self) = @_;

    return if !$self->{pid} || $self->{owner} != $$;
    return if $self->stop('TERM', 10);

    kill 'KILL', $self->children, $self->{pid};
    waitpid delete $self->{pid}, 0;
}

sub DESTROY {
    my ($self) = @_;

    local ($?, $@, $!);

    $self->end;
}

1;

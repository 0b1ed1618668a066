package Service;

# Processes of a service that a test of t/e2e needs.  What they keep is in
# build/e2e/NAME, made anew by each start.  Nothing outlives the process that
# started it, however that ends.

use strict;
use warnings;

use File::Path qw(make_path remove_tree);
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

# a signal ends a test in good order, so that what it started is stopped

$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

# prepare(what => NAME OF THE SERVICE, name => ..., wait => SECONDS,
#         needed => { file => the package that has it })

sub prepare {
    my ($class, %opt) = @_;

    my $self = bless { what => $opt{what}, pids => [],
                       dir => POSIX::getcwd() . "/build/e2e/$opt{name}",
                       wait => $opt{wait} // 120 }, $class;

    for my $file (sort keys %{ $opt{needed} }) {
        die "$file is missing: install $opt{needed}{$file},"
            . " or run make deps-e2e\n" if !-e $file;
    }

    # our settings, not those of a user or of a service that is set up here

    delete @ENV{grep { /^OS_|^CINDER/ } keys %ENV};
    $ENV{PYTHONWARNINGS} = 'ignore';

    remove_tree($self->{dir});
    make_path($self->{dir});

    return $self;
}

# calls start(PORT); a port that was free a moment ago may not be when a service
# listens

sub try_ports {
    my ($self, $port) = @_;

    for my $again (2, 1, 0) {
        return $self if eval { $self->start($port // Gateway::free_port()); 1 };
        die $@ if $port || !$again || $@ !~ /Address already in use/;
    }
}

# runs a program to its end, whose output goes into manage.log

sub manage {
    my ($self, $title, @command) = @_;

    system('sh', '-c', 'log=$1; shift; exec "$@" >>"$log" 2>&1', 'sh',
           "$self->{dir}/manage.log", @command) == 0
        or die "$title failed: "
            . $self->last(-s "$self->{dir}/manage.log" ? 'manage.log'
                          : lc "$self->{what}.log");
}

# Writes a file into the folder, from another one with all filled in that stands
# between two @.  Options of %$conf get other values.

sub configure {
    my ($self, $from, $to, $port, $conf) = @_;

    open my $in, '<', $from or die "$from: $!\n";
    my $text = do { local $/; <$in> };

    my $name = $to =~ s/\..*//r;

    for my $name (sort keys %{ $conf // {} }) {
        $text =~ s/^$name = .*/$name = $conf->{$name}/m
            or die "$from does not set $name\n";
    }

    $text =~ s/\@DIR\@/$self->{dir}/g;
    $text =~ s/\@PORT\@/$port/g;
    $text =~ s/\@NAME\@/$name/g;

    open my $out, '>', "$self->{dir}/$to" or die "$self->{dir}/$to: $!\n";
    print $out $text;
    close $out or die "$self->{dir}/$to: $!\n";

    return "$self->{dir}/$to";
}

sub free {
    my ($self, $port) = @_;

    IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port,
                          Listen => 1, ReuseAddr => 1)
        or die "port $port is in use, $self->{what} cannot listen there\n";
}

# setpriv: where this process is killed, the kernel kills that one, too

sub run {
    my ($self, $name, @command) = @_;

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$self->{dir}/$name.out";
        open STDERR, '>&', \*STDOUT;
        { exec 'setpriv', '--pdeathsig', 'KILL', @command };
        print "$command[0]: $!\n";
        POSIX::_exit(127);
    }

    push @{ $self->{pids} }, $pid;
}

sub wait_for {
    my ($self, $name, $ready) = @_;

    my $until = time + $self->{wait};
    my $pid = $self->{pids}[-1];

    until ($ready->()) {
        if (waitpid($pid, POSIX::WNOHANG()) > 0) {
            pop @{ $self->{pids} };
            die "$name ended before it was ready: " . $self->last("$name.log");
        }

        die "$name is not ready after $self->{wait} seconds: "
            . $self->last("$name.log") if time > $until;
        sleep 0.2;
    }
}

# the last line of a log that names an error, or else says something, and where
# it is

sub last {
    my ($self, $name) = @_;

    my $file = "build/e2e/" . $self->{dir} =~ s/.*\///r . "/$name";

    open my $fh, '<', "$self->{dir}/$name" or return "no $file\n";
    my @lines = grep { /\w/ } reverse <$fh>;
    my ($line) = (grep({ /\w+(?:Error|Exception|Invalid\w*): / } @lines),
                  @lines, 'it said nothing');

    # without time, process and level

    $line =~ s/^[\d: .-]+ [A-Z]+ //;
    chomp $line;

    return substr($line, 0, 200) . " ($file)\n";
}

sub stop {
    my ($self) = @_;

    for my $pid (splice @{ $self->{pids} }) {
        kill 'TERM', $pid;

        my $ended;
        my $until = time + 10;

        sleep 0.05
            until ($ended = waitpid($pid, POSIX::WNOHANG()) > 0)
                  || time > $until;

        if (!$ended) {
            kill 'KILL', $pid;
            waitpid $pid, 0;
        }
    }
}

sub DESTROY {
    my ($self) = @_;

    local ($?, $@);
    $self->stop;
}

1;

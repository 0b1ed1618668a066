package Haproxy;

# conf/haproxy.cfg, in front of gateways of conf/replica.conf.

use strict;
use warnings;

use File::Temp ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep time);

use Gateway;

# The file itself; then with other addresses and ports, and for who is not root
# without the change of user.

sub shipped {
    open my $fh, '<:raw', 'conf/haproxy.cfg' or die "conf/haproxy.cfg: $!\n";
    local $/;
    return scalar <$fh>;
}

sub text {
    my ($self) = @_;

    my $text = shipped();

    my %port = (8000 => $self->{port}, 8079 => $self->{once},
                8071 => $self->{servers}[0], 8072 => $self->{servers}[1]);

    $text =~ s/127\.0\.0\.1:$_\b/127.0.0.1:$port{$_}/g or die "port $_\n"
        for keys %port;
    $text =~ s/\S+\.sock/$self->{dir}\/admin.sock/ or die "stats socket\n";
    $text =~ s/^    (?:user|group|chroot) .*\n//mg if $> != 0;

    return $text;
}

# before so many ports of gateways, two in the file; "edit" may change its text

sub new {
    my ($class, $servers, $edit) = @_;

    my $self = bless {
        dir => File::Temp->newdir(TMPDIR => 1), servers => $servers,
        port => Gateway::free_port(), once => Gateway::free_port(),
    }, $class;

    my $text = $self->text;
    $text = $edit->($text) if $edit;

    open my $fh, '>:raw', "$self->{dir}/haproxy.cfg" or die "haproxy.cfg: $!\n";
    print $fh $text;
    close $fh;

    $self->start;

    return $self;
}

sub start {
    my ($self) = @_;

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        open STDOUT, '>>', "$self->{dir}/log";
        open STDERR, '>&', \*STDOUT;
        { exec 'haproxy', '-db', '-f', "$self->{dir}/haproxy.cfg" };
        POSIX::_exit(127);
    }

    $self->{pid} = $pid;

    # the admin socket is the last to be there

    for (1 .. 500) {
        return if -S "$self->{dir}/admin.sock" && IO::Socket::INET->new(
            PeerAddr => "127.0.0.1:$self->{port}");
        last if waitpid($pid, POSIX::WNOHANG()) > 0;
        sleep 0.02;
    }

    die 'haproxy does not serve: ' . $self->log;
}

# the log, where a line is waited for that is written after the answer

sub log {
    my ($self, $line) = @_;

    my $text = '';

    for (1 .. 250) {
        open my $fh, '<:raw', "$self->{dir}/log" or return '';
        $text = do { local $/; <$fh> } // '';
        last if !$line || $text =~ $line;
        sleep 0.02;
    }

    return $text;
}

# what the admin socket answers

sub ask {
    my ($self, $command) = @_;

    my $s = IO::Socket::UNIX->new(Peer => "$self->{dir}/admin.sock")
        // die "admin socket: $!\n";
    print $s "$command\n";
    local $/;
    return <$s> // '';
}

# the state of each server, such as "reads/g1" => "UP"

sub states {
    my ($self) = @_;

    return map { my @f = split /,/; ("$f[0]/$f[1]" => $f[17]) }
           split /\n/, $self->ask('show stat -1 4 -1');
}

# The file with so many servers, each of which is HAProxy itself and answers at
# once, after "delay" milliseconds; the client is told which one it was.

sub ring {
    my ($class, $n, %opt) = @_;

    my $port = Gateway::free_port();
    my $wait = $opt{delay} ? "tcp-request inspect-delay $opt{delay}ms\n"
        . "    tcp-request content accept if WAIT_END" : '';
    my $tell = 'http-response set-header X-Server %s';
    my $more = $opt{backend} ? "    $opt{backend}\n" : '';

    return $class->new([$port, $port], sub {
        my ($text) = @_;

        my $servers = sub {
            my ($line) = @_;
            return join '', map {
                $line =~ s/g1/g$_/gr =~ s/ id 1\b/ id $_/r } 1 .. $n;
        };

        $text =~ s/^( +server g1 .*\n)(?: +server g2 .*\n)/$servers->($1)/gme
            == 2 or die "servers\n";
        $text =~ s/^backend reads\n/$&$more/m or die "backend\n";
        $text =~ s/^frontend clients\n/$&    $tell\n/m or die "frontend\n";

        return $text . "\nfrontend answer\n"
            . "    bind 127.0.0.1:$port accept-proxy\n    $wait\n"
            . "    http-request return status 200\n";
    });
}

# the servers that lists of these projects come to, in their order

sub where {
    my ($self, @projects) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}")
        // die "connect: $!\n";
    my @servers;

    while (my @some = splice @projects, 0, 50) {
        my ($buf, @got) = ('');

        print $s map { Gateway::head('GET', "/v3/$_/snapshots", []) } @some;

        while (@got < @some) {
            sysread $s, $buf, 65536, length $buf or die "haproxy: $!, $buf\n";
            @got = $buf =~ /^x-server: (\S+)\r\n(?:.+\r\n)*\r\n/mg;
        }

        push @servers, @got;
    }

    return @servers;
}

# waits until both backends have the server in this state

sub until_state {
    my ($self, $server, $state) = @_;

    my $end = time + 20;

    while (time < $end) {
        my %now = $self->states;
        return 1 if 2 == grep { ($now{"$_/$server"} // '') =~ $state }
                         qw(reads writes_once);
        sleep 0.05;
    }

    return 0;
}

sub stop {
    my ($self) = @_;

    my $pid = delete $self->{pid} or return;

    kill 'TERM', $pid;
    waitpid $pid, 0;
}

sub DESTROY {
    my ($self) = @_;

    local ($?, $@);
    $self->stop;
}

1;

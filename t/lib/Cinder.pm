package Cinder;

# Starts an OpenStack Cinder of Debian's packages, asks it directly, stops it.
# What it keeps is in build/e2e/NAME, made anew by each start.  Nothing outlives
# the process that started it, however that ends.
#
#     my $cinder = Cinder->new(name => 'links');   # dies with one line
#     $cinder->volume;                             # the id of a new volume

use strict;
use warnings;

use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep time);

use Gateway;

my $json = JSON::PP->new->utf8->canonical;

# what is needed, and the package that has it

our %NEEDED = (
    '/usr/bin/cinder-manage'
        => 'cinder-common',
    '/usr/bin/cinder-wsgi'
        => 'cinder-api',
    '/usr/share/cinder-common/api-paste.ini'
        => 'cinder-common',
    '/usr/bin/python3'
        => 'python3',
    '/usr/lib/python3/dist-packages/cinder/service.py'
        => 'python3-cinder',
    '/usr/bin/uwsgi'
        => 'uwsgi-core',
    '/usr/lib/uwsgi/plugins/python3_plugin.so'
        => 'uwsgi-plugin-python3',
    '/usr/bin/cinder'
        => 'python3-cinderclient',
    '/usr/bin/openstack'
        => 'python3-openstackclient',
);

my $parent = getppid();

# a signal ends a test in good order, so that what it started is stopped

$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

# new(name => ..., port => ..., wait => SECONDS,
#     conf => { option of t/e2e/cinder/cinder.conf => another value })

sub new {
    my ($class, %opt) = @_;

    my $self = bless { dir => POSIX::getcwd() . "/build/e2e/$opt{name}",
                       pids => [], wait => $opt{wait} // 120,
                       conf => $opt{conf} // {} }, $class;

    for my $file (sort keys %NEEDED) {
        die "$file is missing: install $NEEDED{$file}, or run make deps-e2e\n"
            if !-e $file;
    }

    # our settings, not those of a user or of a service that is set up here

    delete @ENV{grep { /^OS_|^CINDER/ } keys %ENV};
    $ENV{PYTHONWARNINGS} = 'ignore';

    remove_tree($self->{dir});
    make_path("$self->{dir}/lock");

    # a port that was free a moment ago may not be when Cinder listens

    for my $again (2, 1, 0) {
        return $self
            if eval { $self->start($opt{port} // Gateway::free_port()); 1 };
        die $@ if $opt{port} || !$again || $@ !~ /Address already in use/;
    }
}

sub start {
    my ($self, $port) = @_;

    $self->{port} = $port;
    $self->free($port);

    my $conf = $self->configure('cinder.conf', 'cinder.conf', $port);

    unlink "$self->{dir}/cinder.log";

    system("/usr/bin/cinder-manage --config-file $conf db sync"
           . " >$self->{dir}/manage.log 2>&1") == 0
        or die 'cinder-manage db sync failed: '
            . $self->last(-s "$self->{dir}/manage.log" ? 'manage.log'
                                                       : 'cinder.log');

    $self->run('cinder', 't/e2e/cinder/serve', '--config-file', $conf);
    $self->wait_for('cinder', sub { $self->up });
}

# Its API once more, as a uWSGI, with a copy of the database: two processes that
# write to one SQLite get in each other's way.  A snapshot that is made there
# stays "creating", as its messages reach nobody.

sub start_uwsgi {
    my ($self) = @_;

    copy("$self->{dir}/cinder.sqlite", "$self->{dir}/uwsgi.sqlite")
        or die "build/e2e: no copy of the database: $!\n";

    $self->{uwsgi} = Gateway::free_port();
    $self->configure('cinder.conf', 'uwsgi.conf', $self->{uwsgi});
    my $ini = $self->configure('uwsgi.ini', 'uwsgi.ini', $self->{uwsgi});
    $self->free($self->{uwsgi});
    $self->run('uwsgi', '/usr/bin/uwsgi', '--ini', $ini);
    $self->wait_for('uwsgi', sub {
        $self->ask('GET', '/v3/', undef, port => $self->{uwsgi})->{status}
            == 200 });
}

# writes a file of t/e2e/cinder with all filled in

sub configure {
    my ($self, $from, $to, $port) = @_;

    open my $in, '<', "t/e2e/cinder/$from" or die "t/e2e/cinder/$from: $!\n";
    my $text = do { local $/; <$in> };

    my $name = $to =~ s/\..*//r;

    for my $name (sort keys %{ $self->{conf} }) {
        $text =~ s/^$name = .*/$name = $self->{conf}{$name}/m
            or die "t/e2e/cinder/$from does not set $name\n";
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
        or die "port $port is in use, Cinder cannot listen there\n";
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

# whether scheduler and volume manager say that they are there

sub up {
    my ($self) = @_;

    my $r = $self->ask('GET', '/v3/' . PROJECT . '/os-services');
    my $services = $r->{status} == 200 && $r->{json}{services} || [];

    return 2 == grep { $_->{state} eq 'up' } @$services;
}

# one request to Cinder itself; "json" is the answer read, where it is JSON

sub ask {
    my ($self, $method, $path, $body, %opt) = @_;

    # a prove that ends early does not end the tests that it runs beside

    exit 1 if getppid() != $parent;

    my $port = $opt{port} // $self->{port};
    my $r = HTTP::Tiny->new(timeout => 30)->request($method,
        "http://127.0.0.1:$port$path",
        { headers => { 'Content-Type' => 'application/json',
                       'X-Auth-Token' => 'admin:' . PROJECT,
                       %{ $opt{headers} // {} } },
          defined $body ? (content => ref $body ? $json->encode($body) : $body)
                        : () });

    $r->{json} = eval { $json->decode($r->{content}) };

    return $r;
}

# the same below /v3/PROJECT; what is not answered with success is fatal

sub must {
    my ($self, $method, $path, @more) = @_;

    my $r = $self->ask($method, '/v3/' . PROJECT . $path, @more);

    die "Cinder: $method $path: $r->{status} $r->{content}\n"
        if !$r->{success};

    return $r->{json};
}

sub volume {
    my ($self) = @_;

    my $id = $self->must('POST', '/volumes',
                         { volume => { size => 1 } })->{volume}{id};

    for (1 .. 300) {
        my $status = $self->must('GET', "/volumes/$id")->{volume}{status};
        return $id if $status eq 'available';
        die "Cinder: a new volume is $status\n" if $status =~ /error/;
        sleep 0.1;
    }

    die "Cinder: a new volume does not become available\n";
}

# all snapshots, by id

sub snapshots {
    my ($self) = @_;

    return map { $_->{id} => $_ }
           @{ $self->must('GET', '/snapshots/detail?limit=5000')->{snapshots} };
}

# waits until none is being made or removed, and returns them

sub settled {
    my ($self) = @_;

    my %all;

    for (1 .. 300) {
        %all = $self->snapshots;
        return %all if !grep { $_->{status} =~ /ing$/ } values %all;
        sleep 0.1;
    }

    die "Cinder: snapshots stay as they are: "
        . join(', ', map { $_->{status} } values %all) . "\n";
}

# the gateway of conf/cinder.conf before it, or before another port of it;
# "change" may change its text

sub gateway {
    my ($self, $change, $port) = @_;

    my $text = Gateway::shipped('cinder.conf', 8776 => '%%UPSTREAM%%');
    $text = $change->($text) if $change;

    return Gateway->new(all => $text, upstream => $port // $self->{port},
                        through => [qw(setpriv --pdeathsig TERM)]);
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

# Whether a part of docs/cinder.md is what was seen: the lines between
# "<!-- NAME -->" and "<!-- end -->".  With E2E_WRITE set it is written instead.

sub documented {
    my ($name, $seen) = @_;

    my $file = 'docs/cinder.md';

    open my $in, '<:raw', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> };

    my ($start, $end) = ("<!-- $name -->\n", "<!-- end -->\n");

    $text =~ /\Q$start\E(.*?)\Q$end\E/s
        or die "$file has no part $name, between $start and $end\n";

    my ($was, $from, $to) = ($1, $-[1], $+[1]);

    if ($ENV{E2E_WRITE} && $was ne $seen) {
        substr $text, $from, $to - $from, $seen;
        open my $out, '>:raw', $file or die "$file: $!\n";
        print $out $text;
        close $out or die "$file: $!\n";
        return;
    }

    my @was = split /\n/, $was;
    my @seen = split /\n/, $seen;

    # the first that differs is enough to know which

    for my $i (0 .. ($#was > $#seen ? $#was : $#seen)) {
        my ($old, $new) = map { $_ // 'no such line' } $was[$i], $seen[$i];
        return "$file says: $old\nseen now: $new\n" if $old ne $new;
    }

    return;
}

sub DESTROY {
    my ($self) = @_;

    local ($?, $@);
    $self->stop;
}

1;

package Cinder;

# Starts an OpenStack Cinder of Debian's packages, asks it directly, stops it.
#
#     my $cinder = Cinder->new(name => 'links');   # dies with one line
#     $cinder->volume;                             # the id of a new volume

use strict;
use warnings;

use File::Copy qw(copy);
use File::Path qw(make_path);
use HTTP::Tiny;
use JSON::PP ();
use Time::HiRes qw(sleep time);

use parent 'Service';

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

# new(name => ..., port => ..., wait => SECONDS,
#     conf => { option of t/e2e/cinder/cinder.conf => another value },
#     more => text for that file's end,
#     token => ..., project => that ask() comes with)

sub new {
    my ($class, %opt) = @_;

    my $self = $class->prepare(what => 'Cinder', name => $opt{name},
                               wait => $opt{wait}, needed => \%NEEDED);

    $self->{conf} = $opt{conf} // {};
    $self->{more} = $opt{more} // '';
    $self->{project} = $opt{project} // PROJECT;
    $self->{token} = $opt{token} // "admin:$self->{project}";

    make_path("$self->{dir}/lock");

    return $self->try_ports($opt{port});
}

sub start {
    my ($self, $port) = @_;

    $self->{port} = $port;
    $self->free($port);

    my $conf = $self->settings('cinder.conf', $port);

    unlink "$self->{dir}/cinder.log";

    $self->manage('cinder-manage db sync', '/usr/bin/cinder-manage',
                  '--config-file', $conf, 'db', 'sync');

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
    $self->settings('uwsgi.conf', $self->{uwsgi});
    my $ini = $self->configure('t/e2e/cinder/uwsgi.ini', 'uwsgi.ini',
                               $self->{uwsgi});
    $self->free($self->{uwsgi});
    $self->run('uwsgi', '/usr/bin/uwsgi', '--ini', $ini);
    $self->wait_for('uwsgi', sub {
        $self->ask('GET', '/v3/', undef, port => $self->{uwsgi})->{status}
            == 200 });
}

# writes Cinder's settings, for one of its two servers

sub settings {
    my ($self, $to, $port) = @_;

    my $file = $self->configure('t/e2e/cinder/cinder.conf', $to, $port,
                                $self->{conf});

    open my $out, '>>', $file or die "$file: $!\n";
    print $out $self->{more};
    close $out or die "$file: $!\n";

    return $file;
}

# whether scheduler and volume manager say that they are there

sub up {
    my ($self) = @_;

    my $r = $self->ask('GET', "/v3/$self->{project}/os-services");
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
                       'X-Auth-Token' => $self->{token},
                       %{ $opt{headers} // {} } },
          defined $body ? (content => ref $body ? $json->encode($body) : $body)
                        : () });

    $r->{json} = eval { $json->decode($r->{content}) };

    return $r;
}

# the same below the project; what is not answered with success is fatal

sub must {
    my ($self, $method, $path, @more) = @_;

    my $r = $self->ask($method, "/v3/$self->{project}$path", @more);

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
1;

package Keystone;

# Starts an OpenStack Keystone of Debian's packages, and the token service of
# conf/keystone before it; makes users and projects.
#
#     my $keystone = Keystone->new(name => 'tenants-keystone');
#     my $id = $keystone->project('a');
#     $keystone->user('alice', a => 'member');        # with password "secret"
#     my $token = $keystone->token('alice', 'a');

use strict;
use warnings;

use File::Path qw(make_path);
use HTTP::Tiny;
use JSON::PP ();
use Time::HiRes qw(sleep);

use parent 'Service';

use Gateway;

my $json = JSON::PP->new->utf8->canonical;

our %NEEDED = (
    '/usr/bin/keystone-manage'
        => 'python3-keystone',
    '/usr/lib/python3/dist-packages/keystonemiddleware/auth_token/__init__.py'
        => 'python3-keystonemiddleware',
    '/usr/bin/uwsgi'
        => 'uwsgi-core',
    '/usr/lib/uwsgi/plugins/python3_plugin.so'
        => 'uwsgi-plugin-python3',
);

use constant PASSWORD => 'secret-password';

sub new {
    my ($class, %opt) = @_;

    my $self = $class->prepare(what => 'Keystone', name => $opt{name},
                               wait => $opt{wait}, needed => \%NEEDED);

    make_path(map { "$self->{dir}/$_" } qw(fernet receipts credentials));

    return $self->try_ports;
}

sub start {
    my ($self, $port) = @_;

    $self->{port} = $port;
    $self->{url} = "http://127.0.0.1:$port/v3";
    $self->free($port);

    my $conf = $self->configure('t/e2e/keystone/keystone.conf',
                                'keystone.conf', $port);
    my $ini = $self->configure('t/e2e/keystone/uwsgi.ini', 'uwsgi.ini', $port);

    my ($group) = split ' ', $);
    my @us = ('--keystone-user', $>, '--keystone-group', $group);

    for my $step (['db_sync'], ['fernet_setup', @us], ['receipt_setup', @us],
                  ['credential_setup', @us],
                  ['bootstrap', '--bootstrap-password', PASSWORD,
                   '--bootstrap-internal-url', $self->{url},
                   '--bootstrap-public-url', $self->{url}]) {
        $self->manage("keystone-manage $step->[0]", '/usr/bin/keystone-manage',
                      '--config-file', $conf, @$step);
    }

    # Keystone reads on one connection while it writes on another, for which
    # SQLite has this way of writing

    $self->manage('sqlite', '/usr/bin/python3', '-c', 'import sqlite3, sys; '
                  . 'sqlite3.connect(sys.argv[1]).execute("pragma '
                  . 'journal_mode = wal")', "$self->{dir}/keystone.sqlite");

    $self->run('keystone', '/usr/bin/uwsgi', '--ini', $ini);
    $self->wait_for('uwsgi', sub { $self->ask('GET', '')->{status} == 200 });

    $self->{admin} = $self->token('admin', 'admin');
    $self->{projects} = { admin => undef };
}

# the token service, as conf/keystone has it, but for where things are

sub start_token_service {
    my ($self) = @_;

    my $port = $self->{token_port} = Gateway::free_port();

    $self->user('gateway', service => 'admin');
    $self->free($port);

    $self->shipped('token.conf', sub {
        s/127\.0\.0\.1:5000/127.0.0.1:$self->{port}/g == 2 or die 'Keystone';
        s/^password = .*/'password = ' . PASSWORD/me or die 'password';
    });
    $self->shipped('token.py', sub { });

    my $ini = $self->shipped('uwsgi.ini', sub {
        s/127\.0\.0\.1:8083/127.0.0.1:$port/ or die 'port';
        s/(wsgi-file = |TOKEN_CONF=)/$1$self->{dir}\//g == 2 or die 'files';
    }, 'token.ini');

    $self->run('token', '/usr/bin/uwsgi', '--ini', $ini);
    $self->wait_for('token', sub {
        HTTP::Tiny->new->get("http://127.0.0.1:$port/token")->{status} == 401 });
}

# writes a file of conf/keystone into the folder, changed by a function

sub shipped {
    my ($self, $name, $change, $to) = @_;

    my $file = $self->configure("conf/keystone/$name", $to // $name, 0);

    open my $in, '<', $file or die "$file: $!\n";
    local $_ = do { local $/; <$in> };
    $change->();

    open my $out, '>', $file or die "$file: $!\n";
    print $out $_;
    close $out or die "$file: $!\n";

    return $file;
}

# one request to Keystone; "json" is the answer read, where it is JSON

sub ask {
    my ($self, $method, $path, $body, %headers) = @_;

    my $r = HTTP::Tiny->new(timeout => 30)->request($method,
        "$self->{url}$path",
        { headers => { 'Content-Type' => 'application/json',
                       $self->{admin} ? ('X-Auth-Token' => $self->{admin}) : (),
                       %headers },
          content => defined $body ? $json->encode($body) : '' });

    $r->{json} = eval { $json->decode($r->{content}) };

    return $r;
}

# the same, of which a failure is fatal

sub must {
    my ($self, $method, $path, @more) = @_;

    my $r = $self->ask($method, $path, @more);

    die "Keystone: $method $path: $r->{status} $r->{content}\n"
        if !$r->{success};

    return $r->{json};
}

# a token of a user for a project; of none, an unscoped one

sub token {
    my ($self, $user, $project) = @_;

    my %domain = (domain => { id => 'default' });
    my $r = $self->ask('POST', '/auth/tokens', { auth => {
        identity => { methods => ['password'], password => {
            user => { name => $user, password => PASSWORD, %domain } } },
        scope => defined $project
                 ? { project => { name => $project, %domain } } : 'unscoped' } });

    die "Keystone: no token of $user: $r->{status} $r->{content}\n"
        if !$r->{success};

    return $r->{headers}{'x-subject-token'};
}

sub revoke {
    my ($self, $token) = @_;

    $self->must('DELETE', '/auth/tokens', undef, 'X-Subject-Token' => $token);
}

# the id of a project, which is made where it is not there

sub project {
    my ($self, $name) = @_;

    return $self->{ids}{$name}
        //= $self->must('POST', '/projects',
                        { project => { name => $name } })->{project}{id};
}

# a new user, with a role in each of these projects

sub user {
    my ($self, $name, %role) = @_;

    my $id = $self->must('POST', '/users',
        { user => { name => $name, password => PASSWORD } })->{user}{id};
    my %roles = map { $_->{name} => $_->{id} }
                @{ $self->must('GET', '/roles')->{roles} };

    for my $project (sort keys %role) {
        my $in = $self->project($project);
        $self->must('PUT', "/projects/$in/users/$id/roles/$roles{$role{$project}}");
    }

    return $id;
}

# a service in the catalog, with an endpoint in each region

sub service {
    my ($self, $type, %url) = @_;

    my $id = $self->must('POST', '/services',
        { service => { type => $type, name => $type } })->{service}{id};

    for my $region (sort keys %url) {
        $self->must('PUT', "/regions/$region", { region => {} })
            if !$self->{regions}{$region}++;
        $self->must('POST', '/endpoints', { endpoint => {
            service_id => $id, interface => 'public', region_id => $region,
            url => $url{$region} } });
    }
}

1;

package Gateway;

# A gateway as the tests want it: an nginx with the module, in front of an
# upstream that records all it gets.  The parts are in Gateway/.  Every test
# file gets three checks for free when it ends: nothing at [alert] or [emerg] in
# the error log, no process that a signal ended, and a graceful shutdown that no
# request keeps from ending.

use strict;
use warnings;

use parent qw(Gateway::Process Gateway::Client Gateway::Logs);

use Exporter 'import';
use Test::More;

use Gateway::Client qw(head responses fault);
use Gateway::Conf qw(shipped lacks);
use Gateway::Ports qw(free_port);
use Gateway::Process qw(nginx module version command);
use Gateway::Samples;
use Gateway::Upstream;

our @EXPORT = @Gateway::Samples::EXPORT;

# new(...): what Gateway::Conf says of a configuration; upstream => PORT is one
# that is there, and no other is started; through => [COMMAND] runs nginx

sub new {
    my ($class, %conf) = @_;

    my $self = $class->prepare(port => free_port(), through => $conf{through});

    $self->{ports} = {};
    $self->{upstream} = Gateway::Upstream->new($self->{dir})
        if !defined $conf{upstream};
    $self->{upstream_port} = $conf{upstream} // $self->{upstream}{port};
    $self->configure(%conf);
    $self->start;

    return $self;
}

sub text {
    my ($self, %conf) = @_;

    my $text = Gateway::Conf::text($self, %conf);

    needs($text);

    return $text;
}

sub configure {
    my ($self, %conf) = @_;

    $self->write('nginx.conf', $self->text(%conf));
}

# ends a test file where nginx lacks a part that is needed from here on

sub needs {
    my ($text) = @_;

    my @parts = lacks($text) or return;
    my $why = "nginx was built without @parts";

    plan skip_all => $why if Test::More->builder->current_test == 0;

    SKIP: { skip "the rest, as $why", 1 }
    done_testing;
    exit;
}

# why tests that need npm's packages are skipped, where they are

sub without_npm {
    return -e 'build/node/.installed' ? ''
           : 'npm could not install what is needed, see build/npm.log';
}

# what "nginx -t" says of a configuration, and whether it takes it

sub test_conf {
    my ($self, %conf) = @_;

    $self->write('test.conf', $self->text(%conf));

    my $said = qx(@{[command($self->{dir}, 'test.conf', '-t')]} 2>&1);

    return ($? == 0, $said);
}

sub reload {
    my ($self, %conf) = @_;

    $self->configure(%conf);
    $self->SUPER::reload;
}

sub received { return $_[0]{upstream}->received }

sub post {
    my ($self, $body, %opt) = @_;

    my $target = delete $opt{target} // '/v3/' . PROJECT . '/snapshots';
    my $method = delete $opt{method} // 'POST';
    my $headers = delete $opt{headers} // [];

    return $self->request($method, $target,
        [['Content-Type', 'application/json'], @$headers], $body, %opt);
}

# shuts down, in so many seconds, and makes the three checks; to be called
# once, at the end

sub finish {
    my ($self, %opt) = @_;

    return if !$self->{pid};

    ok($self->stop('QUIT', $opt{timeout} // 10),
       'no request is left hanging at shutdown');
    $self->end;

    my $log = $self->read('error.log') . $self->read('stderr.log');

    my @bad = grep { /\[(?:alert|emerg)\]/ } split /\n/, $log;
    is("@bad", '', 'nothing in the error log is at alert or emerg');

    my @killed = grep { /exited on signal/ } split /\n/, $log;
    is("@killed", '', 'no worker exited on a signal');

    $self->{upstream}->stop if $self->{upstream};
}

1;

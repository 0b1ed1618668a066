# conf/rate-limited.conf keeps each project to its budgets, and tells who is
# over one so, in the documented format, before the body is read.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(sleep time);

use Gateway;

my $g = Gateway->new(all => Gateway::shipped('rate-limited.conf'));
my $json = ['Content-Type', 'application/json'];
my $good = create_body();

# so many requests at once; the number of those that came through, and of 429s

sub flood {
    my ($n, $method, $target, $body) = @_;

    my @headers = defined $body ? ($json, ['Content-Length', length $body]) : ();
    my $begin = time;

    my @r = $g->exchange(join('', map {
        Gateway::head($method, $target, [@headers]) . ($body // '') } 1 .. $n),
        count => $n, timeout => 8);

    return (scalar(grep { $_->{status} == 200 } @r),
            scalar(grep { $_->{status} == 429 } @r), time - $begin);
}

# burst and one, and what the rate gives while the test runs

sub within {
    my ($got, $burst, $rate, $seconds, $title) = @_;

    my $most = $burst + 1 + int($rate * $seconds) + 1;

    cmp_ok($got, '>=', $burst + 1, "$title: no fewer than the burst");
    cmp_ok($got, '<=', $most, "$title: no more than $most");
}

my ($ok, $refused, $took) = flood(40, 'POST', '/v3/loud/snapshots', $good);

within($ok, 5, 2, $took, 'writes of a tenant');
is($ok + $refused, 40, 'each request is answered');
is(scalar(my @got = $g->received), $ok, 'the API gets what is let through');

is($g->post($good, target => '/v3/quiet/snapshots')->{status}, 200,
   'another tenant is left alone');
is($g->get('/v3/loud/snapshots')->{status}, 200,
   'the budget of writes is not that of reads');
is($g->request('HEAD', '/v3/loud/snapshots/' . SNAPSHOT)->{status}, 200,
   'nor where one snapshot is looked at');
is($g->post('{', target => '/v2/other/snapshots')->{error}{code}, 'EVS.5400',
   'a refused request keeps its own code');

# The last of so many that the rate gives nothing for it.  Where the machine
# stalls it may give something, so there are other tries.

sub spent {
    my ($method, $target, $body) = @_;

    my $head = sub { Gateway::head(@_[0, 1], [defined $_[2]
        ? ($json, ['Content-Length', length $_[2]]) : ()]) . ($_[2] // '') };
    my @r;

    for (1 .. 5) {
        @r = $g->exchange($head->('POST', '/v3/loud/snapshots', $good) x 10
                          . $head->($method, $target, $body),
                          count => 11, timeout => 8);
        last if $r[-1]{status} == 429;
    }

    return $r[-1];
}

my $r = spent('POST', '/v3/loud/snapshots', $good);
is($r->{status}, 429, 'what is over the budget is told so');
like($r->{body}, qr/^\{"overLimit": \{"message": "[^"]+", "code": "429"\}\}$/,
     'by an overLimit object');
is($r->{headers}{'content-type'}[0], 'application/json', 'in JSON');
like($r->{headers}{'retry-after'}[0], qr/^\d+$/, 'with Retry-After');

my $one = '/v3/loud/snapshots/' . SNAPSHOT;

is(spent('PUT', $one, '{"snapshot": {"name": "a"}}')->{status}, 429,
   'an update is a write');
is(spent('POST', '/v1.0/loud/snapshots', '{')->{status}, 429,
   'a create of DWS as well');
is(spent('DELETE', $one)->{status}, 429, 'a DELETE as well');
is(spent('POST', "$one/action", '{"os-unmanage": {}}')->{status}, 429,
   'and an action');

($ok, $refused, $took) = flood(120, 'GET', '/v3/reader/snapshots?limit=5');
within($ok, 40, 20, $took, 'reads of a tenant');
is($g->post($good, target => '/v3/reader/snapshots')->{status}, 200,
   'the budget of reads is not that of writes');

# a path that names no project, as of a DELETE in a spelling that is harmless

($ok, $refused, $took) = flood(40, 'DELETE', '//v3/loud/snapshots/x');
within($ok, 5, 2, $took, 'writes of a client without a project');
is($ok + $refused, 40, 'and each is answered');
is(spent('DELETE', "/v3;/loud/snapshots/x")->{status}, 429,
   'no spelling has a budget of its own');
is($g->request('DELETE', '/v3/quiet/snapshots/x')->{status}, 200,
   'which leaves projects alone');
($ok) = flood(120, 'DELETE', '/v3/loud/volumes/x');
is($ok, 120, 'what is out of scope has no limit');

# a body over the budget

my $many = Gateway::head('POST', '/v3/late/snapshots',
                         [$json, ['Content-Length', length $good]]) . $good;
my @all;

for (1 .. 5) {
    $g->received;
    @all = $g->exchange($many x 10 . Gateway::head('POST',
        '/v3/late/snapshots', [$json, ['Content-Length', 5000],
                               ['Expect', '100-continue']]),
        count => 11, timeout => 8);
    last if $all[-1]{status} == 429;
}

is(join(' ', map { $_->{status} } @all[10 .. $#all]), '429',
   'nobody is told to send a body that is over the budget');
is(scalar(@got = $g->received), scalar(grep { $_->{status} == 200 } @all),
   'and the API hears nothing of it');

# connections: a request that the API has not answered yet holds one

kill 'STOP', $g->{upstream}{pid};

my @open = map { $g->connect } 1 .. 25;

syswrite $_, Gateway::head('GET', '/v3/many/snapshots', []) for @open;

$_->blocking(0) for @open;

my $over = 0;

# a moment more than is needed: there could be too many

my ($until, $more) = (time + 10, 0);

while (time < $until && $more < 5) {
    sleep 0.1;
    $more++ if $over >= 5;

    for my $s (@open) {
        sysread $s, my $answer, 4096;
        $over++ if ($answer // '') =~ /^HTTP\/1\.1 429 .*"overLimit"/s;
    }
}

kill 'CONT', $g->{upstream}{pid};

is($over, 5, 'of 25 connections of a tenant, 5 are over its limit of 20');
is($g->get('/v3/few/snapshots')->{status}, 200, 'another tenant has its own');

close $_ for @open;

$g->finish;

done_testing;

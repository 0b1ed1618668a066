# In the shipped configurations each response has one X-Openstack-Request-Id,
# whoever answers: the upstream's own, or one of the gateway's.  The access log
# has the same one, so that a client's report leads to its line.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

use Gateway;

my $json = JSON::PP->new->utf8;
my $path = '/v3/' . PROJECT . '/snapshots';
my $type = ['Content-Type', 'application/json'];
my $id = 'X-Openstack-Request-Id';
my $theirs = 'req-6b0b1c9e-5b1b-4f0e-9f0e-3f8d7a4f2c11';

my %ports = (
    nginx => {}, staging => { 8082 => '%%PORT_strict%%' }, 'rate-limited' => {},
    cinder => { 8776 => '%%UPSTREAM%%' }, replica => { 8071 => '%%PORT%%' },
);

# the number of lines of the access log, once there are so many

sub settled {
    my ($g, $n) = @_;

    my @lines;

    for (1 .. 250) {
        @lines = $g->lines('access.log');
        last if @lines >= $n;
        sleep 0.02;
    }

    return scalar @lines;
}

for my $name (sort keys %ports) {
    my $text = Gateway::shipped("$name.conf", %{ $ports{$name} });
    my $before = $name eq 'replica' ? "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"
                                    : '';

    # the recorder takes the place of what nginx.conf has as its upstream

    $text =~ s/include sample_upstream\.conf;//;
    $text =~ s/server \{\n +listen 127\.0\.0\.1:%%UPSTREAM%%;.*?^\}\n//ms
        if $name eq 'nginx';

    my $g = Gateway->new(all => $text =~ s/rate=\d+r\/s/rate=1r\/m/gr);

    # the ids of a response, and of the line of the log that it caused

    my $lines = 0;

    my $ask = sub {
        my ($title, $request, $status, $expected, %opt) = @_;

        my ($r) = $g->exchange($before . $request, count => 1, %opt);

        $lines = settled($g, $lines + 1);

        my @ids = @{ $r->{headers}{lc $id} // [] };
        my $logged = $json->decode(($g->lines('access.log'))[-1] // '{}');

        is($r->{status}, $status, "$name: $title");
        is(scalar @ids, 1, 'has one id');
        like($ids[0], $expected, 'of the right form');
        is($logged->{request_id}, $ids[0], 'which the access log has');
        is($logged->{status}, $status, 'beside the status');

        return $ids[0];
    };

    my $own = qr/^req-[0-9a-f]{32}\z/;
    my $get = sub { Gateway::head('GET', $_[0], [@_[1 .. $#_]]) };
    my $post = sub {
        my ($body) = @_;
        Gateway::head('POST', $path, [$type, ['Content-Length', length $body]])
            . $body;
    };

    my $first = $ask->('a refusal', $get->("$path?sort_dir=up"), 400, $own);
    my $second = $ask->('a refusal of a body', $post->('{'), 400, $own);

    isnt($first, $second, "$name: each has its own");

    $ask->('a response without one', $get->($path), 200, $own);
    $ask->('a request out of scope', $get->('/'), 200, $own);
    $ask->('an error of the upstream without one',
           $get->($path, ['X-Reply', 404]), 404, $own);
    $ask->("a response with one", $get->($path,
           ['X-Reply-Header', "$id: $theirs"]), 200, qr/^\Q$theirs\E\z/);
    $ask->('an error of the upstream with one', $get->($path, ['X-Reply', 500],
           ['X-Reply-Header', lc($id) . ": $theirs"]), 500,
           qr/^\Q$theirs\E\z/);
    $ask->('a request that is none', "GET $path HTTP/1.1\r\nA b: c\r\n\r\n",
           400, $own);
    $ask->('a HEAD', Gateway::head('HEAD', "$path?sort_dir=up", []), 400, $own,
           head => 1);

    # the budget of writes of conf/rate-limited.conf and conf/replica.conf

    if ($text =~ /zone=writes/) {
        $g->exchange($before . $post->('{') x 6, count => 6);
        $lines = settled($g, $lines + 6);
        $ask->('over the limit', $post->('{'), 429, $own);
    }

    $g->{upstream}->stop;

    $ask->('a dead upstream', $get->($path), 502, $own);

    $g->finish;
}

done_testing;

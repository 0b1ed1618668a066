# Cinder's paging links lead back through the gateway, whatever a client says of
# proxies of its own, and errors of Cinder's own come through byte for byte.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Cinder;
use Gateway;

my $json = JSON::PP->new->utf8;

my $cinder = eval { Cinder->new(name => 'links',
                                conf => { quota_snapshots => 5 }) }
    or BAIL_OUT($@ =~ s/\n//r);

my $g = $cinder->gateway;
my $here = "http://127.0.0.1:$g->{port}";
my $volume = $cinder->volume;

$cinder->must('POST', '/snapshots', { snapshot =>
    { volume_id => $volume, name => "s$_" } }) for 1 .. 5;
$cinder->settled;

# paging

for my $said ([], ['X-Forwarded-Host', 'evil:1'], ['X-Forwarded-Proto', 'ftp'],
              ['X-Forwarded-Prefix', '/evil'], ['X-Forwarded-For', '8.8.8.8'],
              ['Forwarded', 'for=8.8.8.8;host=evil;proto=ftp']) {
    my $title = @$said ? "with $said->[0] of the client's" : 'plain';
    my $page = "$here/v3/" . PROJECT . '/snapshots?limit=2';
    my (@names, $pages);

    while ($page && $pages++ < 9) {
        like($page, qr/^\Q$here\E\/v3\//, "$title: page $pages is here");

        my $r = $cinder->ask('GET', $page =~ s/^\Q$here\E//r, undef,
                             port => $g->{port}, headers => { @$said });

        is($r->{status}, 200, "$title: page $pages is there");
        push @names, map { $_->{name} } @{ $r->{json}{snapshots} };

        my ($next) = grep { $_->{rel} eq 'next' }
                     @{ $r->{json}{snapshots_links} // [] };
        $page = $next && $next->{href};
    }

    is($pages, 3, "$title: three pages");
    is("@{[sort @names]}", 's1 s2 s3 s4 s5', "$title: with all of them");
}

my @logged = $g->logged(18);
is(scalar(grep { $_->{operation} eq 'evs_v3_list'
                 && $_->{verdict} eq 'accepted' } @logged), 18,
   'the gateway has judged each page');

# errors: [title, method, path, body]

my %snapshots = $cinder->snapshots;
my ($one) = sort keys %snapshots;

my @errors = (
    ['404', 'no such volume', 'POST', '/snapshots',
     { snapshot => { volume_id => SNAPSHOT } }],
    ['413', 'over the quota', 'POST', '/snapshots',
     { snapshot => { volume_id => $volume } }],
    ['404', 'no such snapshot', 'GET', '/snapshots/' . SNAPSHOT],
    ['404', 'no such snapshot to rename', 'PUT', '/snapshots/' . SNAPSHOT,
     { snapshot => { name => 'a' } }],
    ['404', 'no such snapshot to delete', 'DELETE', '/snapshots/' . SNAPSHOT],
    ['404', 'no such marker', 'GET', '/snapshots?marker=' . SNAPSHOT],
    ['400', 'no such sort key', 'GET', '/snapshots?sort_key=none'],
    ['400', 'an update of nothing', 'PUT', "/snapshots/$one",
     { snapshot => {} }],
    ['400', 'no such action', 'POST', "/snapshots/$one/action",
     { none => {} }],
    ['404', 'no such path', 'GET', '/none'],
);

# what differs from request to request, and what is a connection's own

sub compared {
    my ($r) = @_;

    my %headers = %{ $r->{headers} };
    delete @headers{qw(date server connection keep-alive transfer-encoding
                       x-snapshot-warning)};

    for my $name (keys %headers) {
        $headers{$name} =~ s/req-[0-9a-f-]{36}/req-ID/;
    }

    return [$r->{status}, \%headers,
            $r->{content} =~ s/req-[0-9a-f-]{36}/req-ID/gr];
}

for my $case (@errors) {
    my ($status, $title, $method, $path, $body) = @$case;
    my %opt = (headers => { 'OpenStack-API-Version' => 'volume 3.70' });

    $path = '/v3/' . PROJECT . $path;

    my $direct = $cinder->ask($method, $path, $body, %opt);
    my $through = $cinder->ask($method, $path, $body, %opt,
                               port => $g->{port});

    is($direct->{status}, $status, "$title: $status");
    is_deeply(compared($through), compared($direct),
              "$title: the same through the gateway");
}

is(scalar keys %{ { $cinder->snapshots } }, 5, 'nothing was made');

# Cinder is gone: the gateway's own error, in the documented format

$cinder->stop;

my $r = $cinder->ask('GET', '/v3/' . PROJECT . '/snapshots', undef,
                     port => $g->{port});
is($r->{status}, 502, 'without Cinder it is a 502');
is($r->{json}{error}{code}, '502', 'in the documented format');

$g->finish;

done_testing;

package Conform;

# How well a gateway keeps to the contract, seen from outside: requests go to
# it, a recorder behind it gets what it lets through, and the tests' own reading
# of the contract says what must be refused.
#
#     my @requests = corpus();
#     my $found = conform('http://127.0.0.1:8080', $recorder, @requests);
#
# A request has corpus, class, the first rule that it breaks or "accepted",
# must, "refuse" or "pass", and what is sent.  Of each that went wrong, "found"
# has [request, what]: "passed", "refused" or "changed".

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

use Cases;
use Contract;
use Gateway::Samples;

our @EXPORT = qw(corpus conform);

my $path = '/v3/' . PROJECT . '/snapshots';
my $type = ['Content-Type', 'application/json'];

# ways to spell the path of an operation so that some server still finds it

my %bend = (
    'a slash at its end'  => sub { "$_[0]/" },
    'a doubled slash'     => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/\//r },
    'a dot segment'       => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/x\/..\//r },
    'dots escaped'        => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/x\/%2e%2E\//r },
    'dots escaped twice'  => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/x\/%252e%252e\//r },
    'a parameter'         => sub { "$_[0];x=1" },
    'dots and a parameter' => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/x\/..;\//r },
    'a suffix'            => sub { "$_[0].json" },
    'a blank'             => sub { "$_[0]%20" },
    'an escape'           => sub { $_[0] =~ s/snapshots/%73napshots/r },
    'an escape, twice'    => sub { $_[0] =~ s/snapshots/%2573napshots/r },
    'an escaped slash'    => sub { $_[0] =~ s/\/(?=[^\/]*\z)/%2f/r },
    'a backslash'         => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\\/r },
    'capitals'            => sub { $_[0] =~ s/snapshots/Snapshots/r },
    'a capital version'   => sub { $_[0] =~ s/^\/v/\/V/r },
    'a fragment, escaped' => sub { "$_[0]%23x" },
    'as it is'            => sub { $_[0] },
);

sub corpus {
    my @bodies = ([POST => $path, create_body()],
                  [PUT => "$path/" . SNAPSHOT, '{"snapshot": {"name": "a"}}'],
                  [GET => "$path/detail", undef]);
    my @paths;

    for my $bend (sort keys %bend) {
        push @paths, map { my ($method, $target, $sent) = @$_;
            { corpus => 'paths', title => "$method, $bend", method => $method,
              target => $bend{$bend}->($target), sent => $sent,
              headers => defined $sent ? [$type] : [] } } @bodies;
    }

    # a look-up by name is no operation, however the name is escaped

    push @paths, map { { corpus => 'paths', title => "name $_", method => 'GET',
                         target => "$path/$_", headers => [] } }
                 qw(daily a%20b %E5%BF%AB%E7%85%A7 50%25 a.json);

    my @ways = (
        ['in chunks', sub { [chunked($_[0], 7)] }, 1],
        ['in pieces', sub { [unpack '(a11)*', $_[0]] }],
        ['after Expect', sub { [$_[0]] }, 0, ['Expect', '100-continue']],
    );
    my @transport;

    for my $body (create_body(), create_body(name => "a\\u0041\x{c3}\x{a9}"),
                  create_body(name => 'x' x 256), '{"snapshot": {}}',
                  create_body(description => 'y' x 60_000), '', '{') {
        push @transport, map { my ($how, $cut, $chunked, @more) = @$_;
            { corpus => 'transport', title => "$how, " . substr($body, 0, 60),
              method => 'POST', target => $path, headers => [$type, @more],
              sent => $body, cut => $cut, chunked => $chunked } } @ways;
    }

    my @cases = map { { %$_, corpus => 'cases' } } cases();

    return map { expected($_) } @cases, @paths, @transport;
}

sub chunked {
    my ($body, $size) = @_;

    return join('', map { sprintf "%x\r\n%s\r\n", length, $_ }
                    unpack "(a$size)*", $body) . "0\r\n\r\n";
}

sub expected {
    my ($request) = @_;

    my $said = Contract::judge({ %$request, body => $request->{sent} // '' },
                               {});
    my ($rule) = grep { ($said->{must}{$_} // '') eq 'reject' }
                 @Contract::RULES;
    my $refuse = $said->{verdict} eq 'rejected';

    return { %$request, must => $refuse ? 'refuse' : 'pass',
             class => $refuse ? $rule // 'rejected' : 'accepted' };
}

# the bytes of a request; the recorder knows it by its number

sub pieces {
    my ($request, $prefix, $host, $id) = @_;

    my $sent = $request->{sent};
    my @length = !defined $sent ? ()
                 : $request->{chunked} ? ['Transfer-Encoding', 'chunked']
                 : ['Content-Length', length $sent];
    my @headers = (['Host', $host], @{ $request->{headers} },
                   ['X-Conform-Id', $id], @length, ['Connection', 'close']);

    return ("$request->{method} $prefix$request->{target} HTTP/1.1\r\n"
            . join('', map { "$_->[0]: $_->[1]\r\n" } @headers) . "\r\n",
            $request->{cut} ? @{ $request->{cut}->($sent) } : $sent // ());
}

# the status of the answer, 0 where there is none in time

sub send_to {
    my ($host, $expects, @pieces) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => $host, Timeout => 5)
            or die "$host: $@\n";
    my $buf = '';
    my $until = time + 10;

    local $SIG{PIPE} = 'IGNORE';

    for my $i (0 .. $#pieces) {
        for (my $n = 0; $n < length $pieces[$i]; ) {
            $n += syswrite($s, $pieces[$i], length($pieces[$i]) - $n, $n)
                  // last;
        }

        # who expects a word before the body waits for it, but not for ever

        if ($i == 0 && $expects && IO::Select->new($s)->can_read(0.5)) {
            sysread $s, $buf, 65536, length $buf;
            last if $buf =~ /^HTTP\/1\.1 [2-5]/;
        }
    }

    while (time < $until && $buf !~ /^HTTP\/1\.[01] [2-5]\d\d/m) {
        IO::Select->new($s)->can_read($until - time) or last;
        sysread $s, $buf, 65536, length $buf or last;
    }

    return $buf =~ /^HTTP\/1\.[01] ([2-5]\d\d)/m ? $1 : 0;
}

sub conform {
    my ($url, $recorder, @requests) = @_;

    my ($host, $prefix) = $url =~ /^http:\/\/([^\/]+)(\/.*?)?\/?$/
                          or die "$url is no URL with http\n";
    my @statuses;

    $prefix //= '';
    $host .= ':80' if $host !~ /:\d+$/;

    for my $i (0 .. $#requests) {
        push @statuses, send_to($host,
            scalar(grep { $_->[0] eq 'Expect' } @{ $requests[$i]{headers} }),
            pieces($requests[$i], $prefix, $host, $i));
    }

    my %got = map { $_->{head} =~ /^X-Conform-Id: (\d+)/mi ? ($1 => $_) : () }
              $recorder->received;

    return [grep { defined } map { my $what = what($requests[$_], $got{$_});
        $what ? { request => $requests[$_], what => $what,
                  status => $statuses[$_] } : undef } 0 .. $#requests];
}

# the recorder stands where the gateway leads, so it sees no prefix

sub what {
    my ($request, $got) = @_;

    return $got ? 'passed' : '' if $request->{must} eq 'refuse';
    return 'refused' if !$got;

    return $got->{method} eq $request->{method}
           && $got->{target} =~ /\Q$request->{target}\E\z/
           && $got->{body} eq ($request->{sent} // '') ? '' : 'changed';
}

1;

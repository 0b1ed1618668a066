# No request of t/e2e/corpus.jsonl makes or changes a snapshot through the
# gateway, whatever Cinder alone makes of it; docs/cinder.md has what became of
# each, and the test holds it against what it sees.  Cinder's API is asked as
# its own program, on eventlet, and as Debian's service, under uWSGI.

use strict;
use warnings;

use Encode qw(encode);
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

use Cinder;
use Gateway;

my $json = JSON::PP->new->utf8;
my $canonical = JSON::PP->new->utf8->canonical;

my $cinder = eval { Cinder->new(name => 'corpus') }
    or BAIL_OUT($@ =~ s/\n//r);

my $volume = $cinder->volume;
my $snapshot = $cinder->must('POST', '/snapshots', { snapshot =>
    { volume_id => $volume, name => 'kept' } })->{snapshot}{id};

$cinder->settled;
$cinder->start_uwsgi;

my @servers = ('eventlet', 'uwsgi');
my %port = (eventlet => $cinder->{port}, uwsgi => $cinder->{uwsgi});

# the bodies below have an alias, which is to be refused
my $strict = sub { $_[0] =~ s/(snapshot_rule field-alias) warn;/$1 reject;/r };

my %gateway = map { $_ => $cinder->gateway($strict, $port{$_}) } @servers;
my %made = map { $_ => 0 } @servers;

sub escaped { return join '', map { sprintf '%%%02x', ord } split //, $_[0] }

my %is = (
    volume           => $volume,
    volume_bare      => $volume =~ tr/-//dr,
    volume_upper     => uc $volume,
    snapshot         => $snapshot,
    snapshot_bare    => $snapshot =~ tr/-//dr,
    snapshot_upper   => uc $snapshot,
    snapshot_escaped => escaped(substr $snapshot, 0, 1) . substr($snapshot, 1),
    project          => PROJECT,
    project_upper    => uc PROJECT,
    project_escaped  => escaped(PROJECT),
    unknown          => SNAPSHOT,
    n                => 0,
);

# bodies that break the contract and that Cinder takes

my %bad = (
    '@create' => '{"snapshot": {"volume_id": "{volume}", "force": true, '
                 . '"display_name": "evil"}}',
    '@update' => '{"snapshot": {"display_name": "evil {n}"}}',
);

# {n} is another number each time, so that each change is one

sub filled {
    $is{n}++;
    return $_[0] =~ s/\{(\w+)\}/$is{$1} \/\/ "{$1}"/ger }

# the bytes of a request

sub bytes {
    my ($row) = @_;

    my $body = exists $row->{body} ? $row->{body} : '@create';

    $body = encode($row->{encoding} // 'UTF-8', filled($bad{$body} // $body))
        if defined $body;
    $body .= ' ' x ($row->{pad} - length $body) if $row->{pad};

    my @headers = (['Host', 'localhost'],
                   @{ $row->{headers}
                      // [['Content-Type', 'application/json']] },
                   ['X-Auth-Token', 'admin:' . PROJECT]);

    my $behind = '';

    if ($row->{raw}) {
        $behind = bytes({ method => 'POST',
                          target => '/v3/{project}/snapshots' });

    } else {
        push @headers, ['Connection', 'close']
            if !grep { $_->[0] eq 'Connection' } @headers;
    }

    if ($row->{chunked}) {
        push @headers, ['Transfer-Encoding', 'chunked']
            if $row->{chunked} ne 'given';
        $body = chunks($body, $row->{chunked});

    } elsif (defined $body) {
        push @headers, ['Content-Length', length $body];
    }

    return encode('iso-8859-1', "$row->{method} " . filled($row->{target})
                  . ' HTTP/' . ($row->{version} // '1.1') . "\r\n")
           . join('', map { "$_->[0]: $_->[1]\r\n" } @headers) . "\r\n"
           . ($body // '') . $behind;
}

sub chunks {
    my ($body, $how) = @_;

    my @pieces = $how eq 'bytes' ? split //, $body : $body;
    my $more = $how eq 'trailer' ? ';x=1' : '';

    return join('', map { sprintf "%x$more\r\n%s\r\n", length, $_ } @pieces)
           . '0' . ($how eq 'trailer' ? "\r\nContent-Type: text/plain" : '')
           . "\r\n\r\n";
}

# the last answer's status on a connection to a port

sub sent {
    my ($row, $port) = @_;

    my @r = grep { $_->{status} >= 200 }
            $gateway{eventlet}->exchange(bytes($row), port => $port,
                                         timeout => 30,
                                         count => $row->{raw} ? 2 : 1,
                                         head => $row->{method} eq 'HEAD');

    return @r ? $r[-1]{status} : 'closed';
}

# what has become of the snapshots since the last time

my (%known, %kept);

sub effect {
    my ($server, $row) = @_;

    my %at = (port => $port{$server});
    my @new = grep { !$known{$server}{$_->{id}}++ } @{ $cinder->must('GET',
        '/snapshots?sort=created_at:desc&limit=5', undef, %at)->{snapshots} };

    $made{$server} += @new;

    return @new ? 'made' : '' if $row && $row->{target} !~ /\{snapshot/;

    my $one = $cinder->must('GET', "/snapshots/$snapshot", undef, %at)
        ->{snapshot};
    my $is = $canonical->encode([@$one{qw(name description metadata)}]);
    my $was = $kept{$server} // $is;

    $kept{$server} = $is;

    return join ', ', @new ? 'made' : (), $is ne $was ? 'changed' : ();
}

sub told {
    my ($status, $effect) = @_;
    return $status . ($effect ? ", $effect" : '');
}

# so many new lines of a gateway's log, read on from where the last call ended

my %log;

sub logged {
    my ($gateway, $lines) = @_;

    my $fh = $log{$gateway} //= do {
        open my $new, '<:raw', "$gateway->{dir}/access.log"
            or die "access.log: $!\n";
        $new;
    };

    my @new;

    for (1 .. 200) {
        seek $fh, 0, 1;
        push @new, <$fh>;
        last if @new >= $lines;
        sleep 0.01;
    }

    return map { $json->decode($_) } @new;
}

# what the gateway says in its log of a request

sub verdict {
    my ($gateway, $lines) = @_;

    my $log = (logged($gateway, $lines))[-1] or return ('no line', 0);
    my @rules = map { s/;.*//r } split /, (?=[a-z-]+;)/, $log->{violations};
    my %seen;

    @rules = grep { !$seen{$_}++ } @rules;

    return (join(' ', $log->{status}, @rules), 0)
        if $log->{verdict} eq 'rejected';
    return ("$log->{status} of nginx", 0) if $log->{upstream_status} eq '';
    return ('passes' . (@rules ? " with @rules" : ''), 1);
}

sub shown {
    my ($row) = @_;

    my $target = join '', map { ord > 0x7e || ord() < 0x20
                                ? sprintf '\\x%02x', ord : $_ }
                          split //, $row->{target};
    my $code = "`$row->{method} $target`" =~ s/\|/\\|/gr;

    return length $target > 200 ? $row->{what}
           : join ', ', $code, $row->{what} // ();
}

my ($text, $bodies, $n, $takes) = ('', 0, 0, 0);

effect($_) for @servers;

open my $fh, '<', 't/e2e/corpus.jsonl' or BAIL_OUT("t/e2e/corpus.jsonl: $!");

while (my $line = <$fh>) {
    my $row = $json->decode($line);

    if ($row->{group}) {
        $bodies = $row->{group} =~ /^Bodies/;
        $text .= "\n### $row->{group}\n\n| request | eventlet | uWSGI | "
            . "gateway | why they differ |\n|---|---|---|---|---|\n";
        next;
    }

    my $title = $bodies ? $row->{what} : shown($row);
    my %alone;

    for my $server (@servers) {
        my $status = sent($row, $port{$server});
        my $effect = effect($server, $row);

        $alone{$server} = told($status, $effect);
        $takes++ if $effect;
    }

    my (@said, @status, $passed);

    for my $server (@servers) {
        my $gateway = $gateway{$server};
        my $status = sent($row, $gateway->{port});
        my $effect = effect($server, $row);

        (my $said, $passed) = verdict($gateway, $row->{raw} ? 2 : 1);
        push @said, $said;
        push @status, $passed ? told($status, $effect) : ();

        if (!$row->{passes}) {
            is($effect, '', "$title: no snapshot is made or changed ($server)");
            unlike($status, qr/^2/, "$title: no success ($server)");
        }
    }

    is($said[0], $said[1], "$title: judged in the same way");

    my %differ = map { $_ => 1 } @status;
    my $gateway = $said[0] . (@status ? ': ' . join ' and ', keys %differ > 1
                                        ? @status : $status[0] : '');

    # the bytes of Perl's own strings are characters here

    $text .= encode('UTF-8', "| $title | $alone{eventlet} | $alone{uwsgi} | "
                             . "$gateway | " . ($row->{why} // '') . " |\n");
    $n++;
}

cmp_ok($n, '>', 300, 'the corpus was walked');
cmp_ok($takes, '>', 50, 'Cinder alone takes many of them');

# nothing was made that was not seen being made

for my $server (@servers) {
    my $all = $cinder->must('GET', '/snapshots?limit=5000', undef,
                            port => $port{$server})->{snapshots};

    is(scalar @$all, $made{$server}, "no other snapshot was made ($server)");
}

is(Cinder::documented('corpus', "$text\n"), undef,
   'docs/cinder.md has what was seen');

$_->finish for values %gateway;

done_testing;

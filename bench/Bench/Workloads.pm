package Bench::Workloads;

# The requests that are sent, and what each must be answered.

use strict;
use warnings;

use Exporter 'import';

use Gateway::Samples;

our @EXPORT_OK = qw(workloads odd_workloads);

my $evs = '/v3/' . PROJECT . '/snapshots';
my $dws = '/v1.0/' . PROJECT . '/snapshots';

my @members = (
    '"name": "snap-001"',
    '"description": "Daily backup"',
    '"volume_id": "' . VOLUME . '"',
    '"force": false',
);

my $sample = body(metadata('nightly', 'team-a', 'v'));

sub body {
    my ($metadata) = @_;

    return '{"snapshot": {' . join(', ', @members, "\"metadata\": {$metadata}")
           . '}}';
}

sub metadata {
    my @values = @_;
    my $i = 0;

    return join ', ', map { sprintf '"key-%04d": "%s"', $i++, $_ } @values;
}

# a create as json.dumps() of Python writes it, in so many bytes: with escapes

sub dumped {
    my ($bytes) = @_;

    my $body = body('"owner": "\u8fd0\u7ef4", "note": ""');
    $body =~ s/snap-001/\\u6bcf\\u65e5\\u5feb\\u7167/;
    $body =~ s/Daily backup/first line\\nsecond \\"line\\"/;

    return filled($body, $bytes);
}

# one with the same text as it is

sub cjk {
    my ($bytes) = @_;

    my $body = body(qq("owner": "\xe8\xbf\x90\xe7\xbb\xb4", "note": ""));
    $body =~ s/snap-001/\xe6\xaf\x8f\xe6\x97\xa5\xe5\xbf\xab\xe7\x85\xa7/;

    return filled($body, $bytes);
}

sub filled {
    my ($body, $bytes) = @_;

    return $body =~ s/(?<="note": ")/'v' x ($bytes - length $body)/er;
}

# a create of exactly so many bytes, whose metadata has values that repeat a
# text, by default 200 bytes of "v"

sub repeated {
    my ($bytes, $text) = @_;

    my $all = $text x int(200 / length $text);
    my $entry = length metadata($all) . ', ';
    my $n = int(($bytes - length(body('')) - 240) / $entry);

    return filled(body(metadata(($all) x $n) . ', "note": ""'), $bytes);
}

# a create of exactly so many bytes, whose metadata has values of one length,
# and a shorter one at the end

sub sized {
    my ($bytes, $value) = @_;

    my $entry = length metadata('') . ', ';
    my $room = $bytes - length body('');
    my $n = int(($room + 2) / ($value + $entry));
    my @values = ('v' x $value) x $n;
    my $rest = $room - length metadata(@values);

    if ($rest < $entry) {
        pop @values;
        $rest += $value + $entry;
    }

    my $last = $rest - $entry;
    push @values, 'v' x $last;

    my $body = body(metadata(@values));
    die "a body of " . length($body) . " bytes\n" if length $body != $bytes;

    return $body;
}

sub post {
    my ($key, $name, $status, $body, $target) = @_;

    return {
        key => $key, name => $name, status => $status, method => 'POST',
        target => $target // $evs, body => $body, bytes => length $body,
    };
}

sub get {
    my ($key, $name, $status, $query) = @_;

    return bare($key, $name, $status, 'GET', "$evs/detail?$query");
}

# a request without a body, to any path

sub bare {
    my ($key, $name, $status, $method, $target) = @_;

    return {
        key => $key, name => $name, status => $status, method => $method,
        target => $target, bytes => 0,
    };
}

sub workloads {
    my $k64 = sized(65536, 200);

    return (
        post('create', 'sample create, 200 B', 202, $sample),
        post('create_4k', 'create, 4 KB', 202, sized(4096, 200)),
        post('create_64k', 'create, 64 KB', 202, $k64),
        post('create_4k_many', 'create, 4 KB, many members', 202,
             sized(4096, 16)),
        post('create_64k_many', 'create, 64 KB, many members', 202,
             sized(65536, 16)),
        post('create_dumps', 'create of 365 B with escapes', 202, dumped(365)),
        post('create_cjk', 'create of 330 B with raw CJK', 202, cjk(330)),
        post('create_warned', 'create with one warning', 202,
             $sample =~ s/snap-001/autobk_snapshot_1/r),
        post('create_64k_utf8', 'create, 64 KB of UTF-8', 202,
             repeated(65536, "\xe5\xbf\xab\xe7\x85\xa7")),
        post('create_64k_escapes', 'create, 64 KB with escapes', 202,
             repeated(65536, 'text \\u5feb ')),
        { %{ post('update', 'update', 202,
                  '{"snapshot": {"name": "snap-001", "description": "d"}}',
                  "$evs/" . SNAPSHOT) }, method => 'PUT' },
        post('dws_create', 'DWS create', 202,
             '{"snapshot": {"name": "snapshot-3", "cluster_id": "' . CLUSTER
             . '", "description": "Snapshot-3 description"}}', $dws),
        get('detail', 'detail query', 202,
            'limit=50&offset=0&sort_dir=asc&status=available'),
        get('detail_7', 'detail query, 7 parameters', 202,
            'limit=50&offset=0&sort_dir=asc&status=available&name=snap-001'
            . '&volume_id=' . VOLUME . '&marker=' . SNAPSHOT),
        post('refused_create', 'refused create, a name of 256 bytes', 400,
             $sample =~ s/snap-001/'n' x 256/er),
        get('refused_query', 'refused query, limit=1001', 400, 'limit=1001'),
        bare('show', 'GET of a snapshot by its id', 202, 'GET',
             "$evs/" . SNAPSHOT),
        bare('delete', 'DELETE of a snapshot by its id', 202, 'DELETE',
             "$evs/" . SNAPSHOT),
        bare('passer', 'a path that is not in scope', 202, 'GET',
             '/v3/' . PROJECT . '/volumes/detail'),
        bare('passer_escape', 'the same with an escape in it', 202, 'GET',
             '/v3/' . PROJECT . '/volumes/my%20volume'),
        post('refused_64k', 'refused create, 64 KB, a bad volume_id', 400,
             $k64 =~ s/"volume_id": "./"volume_id": "x/r),
    );
}

# What no client should send, to the gateway alone: bodies that are wrong from
# end to end, or at their end, and paths of 1 and 8 KB.  No more than 8 KB each,
# as it is the cost of a byte that counts.

sub odd_workloads {
    my $long = sized(8192, 200);
    my $dots = '/v3/p/snapshots/x%20';

    my %body = (
        cut => substr($long, 0, -1),
        bad_utf8 => $long =~ s/v(?="\}\}\}$)/\xff/r,
        late_twice => $long =~ s/(?=\}\}\}$)/, "key-0000": ""/r,
        ones => '{"a": [' . '1,' x 4000,
        empty_keys => '{"snapshot": [' . join(',', ('{"":1}') x 1100) . ']}',
        deep => '{"a":' . '[' x 8000,
        deep_again => '{"a":[' . ('[' x 500 . ']' x 500 . ',') x 8,
        unknown => '{"snapshot": {'
                   . join(',', map { "\"k$_\":1" } 1 .. 900) . '}}',
        entries => '{"snapshot": {"metadata": {'
                   . join(',', map { "\"k$_\":1" } 1 .. 900) . '}}}',
        digits => '{"a": ' . '1' x 8000 . '}',
        spaces => '{"a":' . " \n" x 4000 . '}',
        surrogates => '{"a": "' . '\ud83d\ude00' x 660 . '\ud83d"}',
        escaped_keys => '{"snapshot": {'
                        . join(',', map { "\"\\u006b$_\":{}" } 1 .. 600) . '}}',
    );

    my %path = (
        dots => ['GET', '/v3/' . '%2e/' x 2000 . 'p/snapshots'],
        words => ['POST', '/v3/p/' . 'snapshots%2f' x 650],
        versions => ['POST', '/v3/p' . '/v3%2fsnapshots' x 550],
        escapes => ['POST', '/v3/p/snapshots/' . '%25' x 2600],
        harmless => ['GET', $dots . 'x' x 7900],
        elsewhere => ['GET', '/' . 'a%20' x 1990],
    );

    return (
        (map { post("body_$_", "body: $_", 400, $body{$_}) } sort keys %body),
        map { my $key = $_; map { cut($key, @{ $path{$key} }, $_) } 1000, 8000 }
            sort keys %path,
    );
}

# a path of at most so many bytes, not cut in an escape

sub cut {
    my ($key, $method, $target, $most) = @_;

    my $status = $method eq 'GET' ? 202 : 400;
    my $path = substr $target, 0, $most;

    $path =~ s/%.?$//;

    my $w = bare("path_${key}_$most", "path: $key, $most B", $status, $method,
                 $path);

    @$w{qw(body bytes)} = ('{}', 2) if $method eq 'POST';

    return $w;
}

# as bytes on the wire

sub request {
    my ($w) = @_;

    return "$w->{method} $w->{target} HTTP/1.1\r\nHost: localhost\r\n"
           . (defined $w->{body}
              ? "Content-Type: application/json\r\n"
                . "Content-Length: $w->{bytes}\r\n" : '')
           . "\r\n" . ($w->{body} // '');
}

1;

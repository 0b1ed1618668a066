package Bench::Workloads;

# The requests that are sent, and what each must be answered.

use strict;
use warnings;

use Exporter 'import';

use Gateway::Samples;

our @EXPORT_OK = qw(workloads);

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

    return {
        key => $key, name => $name, status => $status, method => 'GET',
        target => "$evs/detail?$query", bytes => 0,
    };
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
        post('dws_create', 'DWS create', 202,
             '{"snapshot": {"name": "snapshot-3", "cluster_id": "' . CLUSTER
             . '", "description": "Snapshot-3 description"}}', $dws),
        get('detail', 'detail query', 202,
            'limit=50&offset=0&sort_dir=asc&status=available'),
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

# What snapshot-check makes of logs: a line that has all that a request is
# judged by gets the verdict of the request; what a line lacks is said and never
# guessed; what a gateway has written into its log counts as found.

use strict;
use warnings;

use File::Temp ();
use JSON::PP;
use Test::More;

use Cases;
use Check;
use Gateway;

my $dir = File::Temp->newdir(TMPDIR => 1);
my $json = JSON::PP->new->utf8->canonical;

# nginx as a recorder, and a gateway in monitor mode

my $g = Gateway->new(http => <<'ENDOFHTTP', server => <<'ENDOFCONF');
    client_max_body_size 0;

    log_format recorder escape=json '{"request_method": "$request_method", '
        '"request_uri": "$request_uri", "status": $status, '
        '"http_content_type": "$http_content_type", '
        '"http_content_encoding": "$http_content_encoding", '
        '"http_x_http_method_override": "$http_x_http_method_override", '
        '"http_x_http_method": "$http_x_http_method", '
        '"http_x_method_override": "$http_x_method_override", '
        '"request_body": "$request_body", "id": "$http_x_id"}';

    log_format monitor escape=json '{"request": "$snapshot_utf8_request", '
        '"verdict": "$snapshot_verdict", "violations": '
        '"$snapshot_violations", "id": "$http_x_id", '
        '"code": "$snapshot_error_code", "operation": "$snapshot_operation"}';
ENDOFHTTP
        location / {
            snapshot_gateway monitor;
            client_body_buffer_size 1m;
            access_log recorder.log recorder;
            access_log monitor.log monitor;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
ENDOFCONF

my @cases = cases();

for my $i (0 .. $#cases) {
    my ($method, $target, $headers, $sent)
        = @{ $cases[$i] }{qw(method target headers sent)};

    $g->request($method, $target, [@$headers, ['X-Id', $i]], $sent);
}

$g->logged(scalar @cases);

Check::write_file("$dir/http", http(@cases));

my @whole = verdicts(["$dir/http"]);

sub lines {
    my ($name) = @_;

    return split /\n/, Check::read_file("$g->{dir}/$name");
}

sub ids {
    return map { /"id": "(\d+)"/ ? $1 : die "no id: $_\n" } @_;
}

sub in_short {
    my ($v) = @_;

    return join ' ', map { ref ? "@$_" : $_ // '-' }
                     @$v{qw(operation verdict status code rules)};
}

# of the recorder: with a body the same verdict; a byte that is no UTF-8 makes a
# line unreadable, nginx writes nothing for an empty body, and of two types it
# writes the first

my ($same, $incomplete, $unreadable) = (0, 0, 0);

for my $line (lines('recorder.log')) {
    my ($id) = ids($line);
    my ($v) = verdicts(['--kind', 'log', '-'], "$line\n");
    my $whole = $whole[$id];

    next if 1 < grep { $_->[0] eq 'Content-Type' } @{ $cases[$id]{headers} };

    if (!$v) {
        $unreadable++;
        utf8::decode(my $copy = $line)
            and fail("$cases[$id]{title}: it could be read");

    } elsif ($v->{verdict} eq 'incomplete') {
        $incomplete++;
        is("@{ $v->{lacks} } " . length($cases[$id]{sent} // ''), 'body 0',
           "$cases[$id]{title}: only an empty body is no body");

    } else {
        $same++;
        is(in_short($v), in_short($whole), "$cases[$id]{title}: in a log");
        is_deeply($v->{violations}, $whole->{violations},
                  "$cases[$id]{title}: with the same messages");
    }
}

cmp_ok($same, '>', 200, 'most are judged');
cmp_ok($incomplete, '>', 0, 'some lack their body');
cmp_ok($unreadable, '>', 0, 'some are no UTF-8');

# of the gateway: what it found in bodies and headers

for my $line (lines('monitor.log')) {
    my ($id) = ids($line);
    my ($v) = verdicts(['--kind', 'log', '-'], "$line\n");
    my $whole = $whole[$id];

    next if $line =~ /more;count=/;

    is(in_short($v), in_short($whole), "$cases[$id]{title}: as a gateway saw it")
        or diag($line);
}

# by other rules, what was found weighs otherwise

Check::write_file("$dir/rules", "snapshot_rule field-unknown warn;\n"
                  . "snapshot_rule name-reserved reject;\n");

my $unknown = '{"request": "POST /v3/p/snapshots HTTP/1.1", '
    . '"verdict": "monitored", "violations": "field-unknown;at=\"/snapshot/x\"'
    . '"}';
my $reserved = $unknown =~ s/field-unknown/name-reserved/r
                        =~ s/monitored/warned/r;

is((verdicts(['-'], $unknown))[0]{verdict}, 'rejected', 'rejected by default');
is((verdicts(['--rules', "$dir/rules", '-'], $unknown))[0]{verdict}, 'warned',
   'where the rule warns, warned');
is((verdicts(['-'], $reserved))[0]{verdict}, 'warned', 'warned by default');
is((verdicts(['--rules', "$dir/rules", '-'], $reserved))[0]{code}, 'EVS.5400',
   'where it rejects, rejected');

# what a line lacks

my $post = '"request_method": "POST", "request_uri": "/v3/p/snapshots"';
my $get = '"request_method": "GET", "request_uri": "/v3/p/snapshots?limit=5"';

my @lacking = (
    ['a line of a GET', $get, 'incomplete', 'headers', ''],
    ['a line of a POST', $post, 'incomplete', 'headers body', ''],
    ['with a type', "$post, \"content_type\": \"text/plain\"", 'rejected',
     'headers', 'content-type'],
    ['with an empty type', "$post, \"content_type\": \"\"", 'rejected',
     'headers', 'content-type'],
    ['with a body', "$post, \"request_body\": \"{}\"", 'rejected', 'headers',
     'field-required'],
    ['with a wrong parameter', $get =~ s/5/0/r, 'rejected', 'headers',
     'limit-range'],
    ['a decoded target', '"method": "GET", "uri": "/v3/p/snapshots", '
     . '"args": "limit=0"', 'rejected', 'headers target', 'limit-range'],
    ['a decoded name', '"method": "GET", "uri": "/v3/p/snapshots/a b"',
     'incomplete', 'headers target', ''],
    ['a decoded path that may have been right', '"method": "GET", '
     . '"uri": "/v3/p/snapshots/"', 'incomplete', 'target', ''],
    ['a raw one beside it', '"method": "GET", "uri": "/v3/p/snapshots/a b", '
     . '"request_uri": "/v3/p/snapshots/a%20b"', 'incomplete', 'headers', ''],
    ['out of scope', '"method": "GET", "uri": "/v3/p/volumes"', '-', '', ''],
    ['an operation without rules', '"method": "DELETE", "uri": '
     . '"/v3/p/snapshots/x"', 'incomplete', 'headers target', ''],
);

for my $row (@lacking) {
    my ($title, $line, $verdict, $lacks, $rules) = @$row;
    my ($v) = verdicts(['--kind', 'log', '-'], "{$line}\n");

    is("$v->{verdict} $v->{operation}" =~ s/ .*//r, $verdict, $title);
    is("@{ $v->{lacks} }", $lacks, "$title: what it lacks is said");
    is("@{ $v->{rules} }", $rules, "$title: what it breaks");
}

my ($rc, $out) = check(['--format', 'text', '--kind', 'log', '-'],
                       join '', map { "{$_->[1]}\n" } @lacking);

like($out, qr/^Recorded\ without\ their\ header\ fields:\ \d+\n
              Recorded\ without\ their\ body:\ 1\n
              Recorded\ with\ a\ decoded\ target:\ 4\n/mx,
     'the report counts what was lacking');

# whose request it is

Check::write_file("$dir/tenant", "snapshot_tenant \$http_x_tenant;\n"
                  . 'snapshot_rule project-match reject;');

for my $row (['', '', 'headers tenant'], ['"tenant": "p"', '', 'headers'],
             ['"tenant": "q"', 'project-match', 'headers'],
             ['"http_x_tenant": "q"', 'project-match', 'headers'],
             ['"http_x_tenant": ""', '', 'headers']) {
    my ($member, $rules, $lacks) = @$row;
    my ($v) = verdicts(['--rules', "$dir/tenant", '-'],
                       '{' . join(', ', $get, $member || ()) . "}\n");

    is("@{ $v->{rules} }", $rules, "tenant by '$member'");
    is("@{ $v->{lacks} }", $lacks, "tenant by '$member': what it lacks");
}

# members of other names

my ($v) = verdicts([qw(--member method=RequestMethod --member
                       target=RequestPath -)],
    '{"RequestMethod": "GET", "RequestPath": "/v3/p/snapshots?limit=0", '
    . '"request_uri": "/"}');

is("@{ $v->{rules} }", 'limit-range', 'members may have other names');

# a line that is read without a tree is read as one that is not

my $plain = '{"a": 1, "method": "GET", "b": -1.5e3, "target": '
            . '"/v3/p/snapshots?name=\"\\\\\/&limit=0", "c": true, "d": null}';

is_deeply([verdicts(['-'], $plain)],
          [verdicts(['-'], $plain =~ s/true/[true]/r)], 'both readers agree');

$g->finish;

done_testing;

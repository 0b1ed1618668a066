# Messages are of one form, so that nobody has to read one twice: the place in
# words, then what is allowed and what was found, as one sentence.  Each rule
# that a client can break says so in that form.

use strict;
use warnings;

use JSON::PP;
use MIME::Base64;
use Test::More;

use Contract;
use Contract::Facts;
use Gateway;

my $json = JSON::PP->new->utf8;

my $g = Gateway->new(http => 'client_max_body_size 0;', server => <<'EOF');
        location / {
            snapshot_tenant $http_x_tenant;
            snapshot_validate;
        }

        location /enforced/ {
            snapshot_prefix /enforced;
            snapshot_rule operation-known reject;
            snapshot_error_details on;
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /one/ {
            snapshot_prefix /one;
            snapshot_rule name-length reject max=1;
            snapshot_rule metadata-entry reject max=1;
            snapshot_rule body-size reject max=1;
            snapshot_validate;
        }

        location /some/ {
            snapshot_prefix /some;
            snapshot_rule name-length reject max=1;
            snapshot_rule metadata-entry reject max=1;
            snapshot_validate;
        }
EOF

# every message that a request causes, by its rule

my %messages;

sub ask {
    my ($method, $target, $headers, $body) = @_;

    for my $place ('', '/enforced') {
        my $r = $g->request($method, $target =~ s/^\/(?=v\d)/$place\//r,
                            $headers, $body);
        my $o = eval { $json->decode($r->{body}) } // {};
        my ($all) = grep { $_ } map { $_->{violations} }
                    $o, grep { ref eq 'HASH' } values %$o;

        $messages{$_->{rule}}{$_->{message}}++ for @{ $all // [] };
    }
}

open my $fh, '<', 't/data/cases.jsonl' or die "cases: $!\n";

while (my $line = <$fh>) {
    my $case = $json->decode($line);

    my $body = $case->{body_base64} ? decode_base64($case->{body_base64})
             : do { my $b = $case->{body} // ''; utf8::encode($b); $b };

    ask($case->{method}, $case->{target}, $case->{headers},
        $case->{method} =~ /^(?:POST|PUT)$/ ? $body : undef);
}

# and what these lack

my $path = '/v3/' . PROJECT . '/snapshots';
my $type = ['Content-Type', 'application/json'];

ask('POST', '/v3/' . 'p' x 65 . '/snapshots', [$type], '{}');
ask('GET', '/v3/p.q/snapshots');
ask('GET', '/v3/snapshots');
ask('PATCH', "$path/detail");
ask('PUT', $path, [$type], '{}');
ask('GET', "/v1.0/@{[PROJECT]}/snapshots/a/b/c");
ask('GET', "$path?_method=PUT;x&name=%zz&status=&sort_dir=&offset=&marker=");
ask('GET', "$path?offset=99999999999&limit=51&name=%00&limit=5&x=1&marker=a");
ask('POST', $path, [$_ ? $type : (), ['Content-Type', $_ || 'text/plain']],
    '{}') for 'text/plain', '';
ask('POST', $path, [['Content-Type', "application/json; $_"]], '{}')
    for 'charset=x', 'x';
ask('POST', $path, [$type, ['Content-Encoding', 'gzip'],
                    ['X-HTTP-Method', 'GET']], '{}');
ask('POST', $path, [], ' ' x 114689);
ask('POST', "/$_$path", [$type], create_body(name => 'ab', volume_id => 'a',
    metadata => { '' => 'a', ab => 'a', a => 'ab' })) for qw(one some);
ask('POST', $path, [$type], $_) for '', ' ', '[]', '{]', "{\"\xff\": 1}",
    '{} x', '{"snapshot": 1}', '{"snapshot": {}, "snapshot": {}}',
    '{"a": ' . '[' x 600, '{"snapshot": {}, "a": 1}';

for my $value (1, 'a', [], {}, JSON::PP::true, undef) {
    ask('POST', $path, [$type], create_body(map { $_ => $value }
        qw(volume_id force metadata description name x)));
}

ask('POST', $path, [$type], create_body(metadata => $_))
    for { '' => 'a' }, { 'k' x 256 => 'a' }, { k => 'v' x 256 }, { k => 1 };
ask('POST', "/v1.0/@{[PROJECT]}/snapshots", [$type],
    '{"snapshot": {"name": "' . $_ . '", "cluster_id": ""}}')
    for 'a', 'abc', 'a b c';
ask('POST', "/v1.0/@{[PROJECT]}/snapshots", [$type],
    '{"snapshot": {"name": "abcd", "cluster_id": "a", "description": "' . $_
    . '"}}') for 'd' x 257, 'a<b', '>';
ask('GET', $path, [['X-Tenant', 'another']]);

# the forms that there are; a ";" is between two messages

my $place = qr/(?:path|method|body|query|header|[a-z_]*snapshot|[^ .:]*)
               (?:[ .][^:;]*)?/x;
my $bytes = qr/(?:1 byte|(?:0|[2-9]|\d\d+) bytes)/;
my $most = qr/(?:1 is|(?:0|[2-9]|\d\d+) are) allowed/;
my $characters = qr/(?:[2-9]|\d\d+) characters/;
my $size = qr/(?:(?:$bytes|$characters),\ at\ most\ $most
                 |a\ key\ of\ $bytes,\ 1\ to\ $most)/x;
my $kind = qr/(?:must|should) .+, (?:is|has|begins|decodes|ends) .+/;
my $page = qr/limit\ param\ must\ be\ (?:an\ integer|positive)\.
              |invalid\ filter\ limit,\ can\ not\ greater\ than\ \d+\./x;

my (@wrong, @twice);

for my $rule (sort keys %messages) {
    for my $message (sort keys %{ $messages{$rule} }) {
        note("$rule: $message");

        push @wrong, "$rule: $message"
            if $message !~ /^$place: (?:$size|$kind|$page)\z/;
        push @twice, "$rule: $message"
            if $message =~ /\b1 bytes|\b1 are|; |\brequired|\bno (?:integer|UUID)/;
    }
}

is(join("\n", @wrong), '', 'all messages are of one form');
is(join("\n", @twice), '', 'and none is in words that have to be read twice');
is(join(' ', grep { !$messages{$_} } @Contract::RULES), '',
   'each rule has a message');

for my $case (
    ['field-type', 'snapshot.name: must be a string or null, is a number'],
    ['field-type', 'snapshot.force: must be a boolean, is an array'],
    ['boolean-string',
     'snapshot.force: must be true or false, is a boolean in quotes'],
    ['name-length', 'snapshot.name: 2 bytes, at most 1 is allowed'],
    ['volume-id', 'snapshot.volume_id: must be a UUID (8-4-4-4-12 hex digits),'
                  . ' has 1 byte'],
    ['sort-dir', 'query sort_dir: must be "asc" or "desc", is empty'],
    ['body-size', 'body: must be at most 1 byte, is larger'],
    ['json-syntax', 'body: must be one JSON object in UTF-8, is malformed at'
                    . ' line 1, column 2'],
    ['uri-canonical',
     'path: must be spelled exactly as documented, has a doubled slash'],
    ['operation-known', 'method: must be GET, HEAD or DELETE for this path, is'
                        . ' another'],
    ['field-unknown', 'a: must be the field snapshot, is unknown'],
    ['field-unknown', 'snapshot.x: must be one of the fields '
                      . fields_of('evs_create') . ', is unknown'],
) {
    my ($rule, $message) = @$case;

    ok($messages{$rule}{$message}, "$rule says \"$message\"");
}

$g->finish;

done_testing;

# Thousands of random requests, right and almost right, get the verdict that an
# independent reading of the contract (t/lib/Contract.pm) gives them, however
# they travel; what is let through arrives as it was sent, nothing else does.
# In whatever pieces a body comes, the answer is the same, letter by letter.
# snapshot-check, which gets the same bytes in a file, says the same.
# TEST_SEED repeats a run, TEST_N sets the number of requests; of what is judged
# otherwise, the smallest request that still is gets printed.

use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Test::More;
use Time::HiRes qw(sleep time);

use Check;
use Contract;
use Contract::Facts;
use Gateway;

my $seed = $ENV{TEST_SEED} // int(time * 1000) % 1_000_000;
my $n = $ENV{TEST_N} // 3000;

# sets of rules, each behind a port of its own; "file" has the default ones for
# bodies that are in a file and read by the other reader

my %sets = (
    default => {},
    file => {},
    strict => {
        map({ $_ => ['reject'] } qw(operation-known param-unknown cluster-id
            name-reserved description-format metadata-entry update-empty
            limit-advised project-match status-known)),
        'name-length' => ['reject', 20], 'limit-range' => ['reject', 100],
    },
    lax => {
        map({ $_ => ['warn'] } qw(uri-canonical project-id snapshot-id
            content-type content-encoding body-size field-required
            field-unknown field-alias field-type volume-id name-format sort-dir
            marker json-duplicate-key param-duplicate)),
        map({ $_ => ['pass'] } qw(method-override boolean-string
            offset-range)),
        'name-length' => ['warn', 4], 'body-size' => ['warn', 500],
        'description-length' => ['reject', 3],
    },
);

my $location = <<'EOF';
        snapshot_error_details on;
        add_header X-Judged "$snapshot_operation $snapshot_verdict" always;
        add_header X-Code "$snapshot_error_code" always;
        add_header X-All $snapshot_violations always;

        location / {
            snapshot_gateway $mode;
            snapshot_tenant $http_x_tenant;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOF

my $servers = '';
my %rules;

for my $set (sort keys %sets) {
    my $rules = $rules{$set} = join '', map { my ($severity, $max) = @{ $sets{$set}{$_} };
        "snapshot_rule $_ $severity" . ($max ? " max=$max" : '') . ";\n" }
        sort keys %{ $sets{$set} };

    $rules .= 'client_body_buffer_size 16;'
        if $set eq 'file';
    $servers .= "server { listen 127.0.0.1:%%PORT_$set%%; $rules $location }\n";
}

my $g = Gateway->new(servers => $servers, http => <<'EOF');
    client_max_body_size 0;
    keepalive_requests 100000;
    map $http_x_mode $mode { default enforce; monitor monitor; }
EOF


# what a request is made of; with a chance of $odd each part is almost right

my $odd = 0;

sub one { return $_[rand @_] }
sub odd { return rand() < $odd }
sub hex_digits { return join '', map { sprintf '%x', rand 16 } 1 .. shift }

sub uuid {
    my $id = join '-', map { hex_digits($_) } 8, 4, 4, 4, 12;

    return $id if !odd();
    return one(uc $id, $id =~ s/-//gr, "{$id}", "${id}0", substr($id, 1),
               "$id\n", " $id", $id =~ s/^./g/r, $id =~ s/-/_/r,
               $id =~ s/(.)-/-$1/r, '', 'x', "urn:uuid:$id", 'null');
}

sub size { return rand() < 0.5 ? one(255, 256)
                  : one(0, 1, 3, 4, 5, 20, 21, 63, 64, 65, 254, 257,
                        int rand 300) }

# so many bytes, of characters of one to four of them

sub characters {
    my ($bytes) = @_;

    my $s = '';

    while ($bytes > 0) {
        my $c = odd() ? int(one(rand 128, rand 0x800, rand 0xd800,
                                0xe000 + rand 0x2000, 0x10000 + rand 0x100000))
                      : 97 + int rand 26;
        my $size = $c < 0x80 ? 1 : $c < 0x800 ? 2 : $c < 0x10000 ? 3 : 4;

        ($c, $size) = (120, 1) if $size > $bytes || $c == 0;
        $s .= chr $c;
        $bytes -= $size;
    }

    return $s;
}

sub text { return { s => shift, escaped => odd() ? one(1, 2) : 0 } }

sub name_of {
    my ($family) = @_;

    return one('n' . hex_digits(one(3, 8, 19, 63)), 'snap-001', 'A_b-9')
        if !odd();
    return one(map({ characters(size()) } 1 .. 4), 'x' x size(),
               'autobk_snapshot_',
               'autobk_snapshot_' . characters(one(1, 3, 239, 240)),
               'Autobk_snapshot_1', 'autobk_snapshot', "abcd\n", '1bcd', '_bcd',
               'ab.c', '');
}

sub any_value {
    my ($depth) = @_;

    return { raw => one(qw(null true false 0 -1 1.5e-3 12345678901234567890 "x"
                           [] {}), '""', '1' . '0' x 60,
                        '1e400', '-' . '9' x 400, '0.5E+999',
                        '[' x 505 . ']' x 505, '[' x 520 . ']' x 520,
                        '"\\u00e9\\ud83d\\ude00"') }
        if $depth > 2 || rand() < 0.7;
    return { list => [map { any_value($depth + 1) } 1 .. rand 3] }
        if rand() < 0.4;
    return object(map { [one(qw(a b c snapshot name)), any_value($depth + 1)] }
                  1 .. rand 3);
}

sub object { return { members => [map { [text($_->[0]), $_->[1]] } @_] } }

sub member {
    my ($name, $right) = @_;

    return [$name, any_value(0)] if odd() && rand() < 0.3;
    return [$name, $right];
}

sub force {
    return { raw => one('true', 'false') } if !odd();
    return text(one(qw(true True 1 0 yes No on t maybe 2), '', ' true'));
}

sub metadata {
    return object(map { my $key = odd() ? characters(size()) : "key$_";
                        my $value = odd() && rand() < 0.3 ? any_value(1)
                                    : text(characters(one(0, 3, size())));
                        [$key, $value] } 1 .. rand 4);
}

sub snapshot {
    my ($kind) = @_;

    my @right = $kind eq 'dws'
        ? ([name => sub { text(name_of('DWS')) }],
           [cluster_id => sub { text(uuid()) }],
           [description => sub { text(characters(size())) }, 0.5])
        : $kind eq 'update'
        ? ([name => sub { text(name_of('EVS')) }, 0.8],
           [description => sub { text(characters(odd() ? size()
                                                        : rand 255)) }, 0.6])
        : ([volume_id => sub { text(uuid()) }],
           [force => \&force, 0.4],
           [metadata => \&metadata, 0.4],
           [description => sub { text(characters(odd() ? size()
                                                        : rand 255)) }, 0.4],
           [name => sub { text(name_of('EVS')) }, 0.6]);

    # what is not made on purpose

    my %made = map { $_->[0] => 1 } @right;
    my $body = { create => 'evs_create', update => 'evs_update',
                 dws => 'dws_create' }->{$kind};

    push @right, map { my $field = $_;
                       [$field->{name}, sub { any_of_type($field) }, 0.4] }
                 grep { !$made{ $_->{name} } && !$_->{alias_of} }
                 @{ $FACTS->{bodies}{$body}{fields} };

    my @members = map { my ($name, $make, $chance) = @$_;
        rand() < ($chance // 1) && !(odd() && rand() < 0.2)
        ? member($name, $make->()) : () } @right;

    push @members, map { [$_, any_value(0)] }
        map { one(qw(display_name display_description size volume_id name force
                     cluster_id id Name description), '', "a\nb", "\x{e9}",
                  'x' x 70) }
        grep { odd() && rand() < 0.3 } 1, 2;

    @members = shuffled(@members) if odd();

    return object(@members);
}

# a value of a field's type, about the limits of its first rule

sub any_of_type {
    my ($field) = @_;

    my $rule = $RULE{ ($field->{rules} // [])->[0] // '' } // {};
    my $max = $rule->{max} // 255;

    return $field->{type} eq 'number'
           ? { raw => odd() ? one(-1, $max, $max + 1, '1.5', '1e2')
                            : int rand $max }
         : $field->{type} eq 'boolean' ? { raw => one('true', 'false') }
         : $field->{type} eq 'object' ? metadata()
         : ($rule->{check} // '') eq 'uuid' ? text(uuid())
         : ($rule->{check} // '') eq 'words' ? text(one(@{ $rule->{words} }))
         : text(characters(odd() ? $max + 1 : int rand $max));
}

sub shuffled {
    my (@list) = @_;

    return map { splice @list, rand @list, 1 } 1 .. @list;
}

sub json_body {
    my ($kind) = @_;

    my $snapshot = odd() && rand() < 0.15 ? any_value(0) : snapshot($kind);
    my @top = ([odd() && rand() < 0.1 ? one('Snapshot', 'snapshots', '')
                                      : 'snapshot', $snapshot]);

    push @top, [one('snapshot', 'x', 'volume_id'), any_value(0)]
        if odd() && rand() < 0.2;
    shift @top if odd() && rand() < 0.05;

    my %body = (tree => object(@top), spaced => int rand 3, edits => []);

    $body{tree} = any_value(0) if odd() && rand() < 0.05;

    # an edit of the text: where, how many bytes go, what comes instead

    push @{ $body{edits} }, [one(0, 1, rand), one(0, 0, 0, 1, 2),
        one('', ',', '}', '{', ']', '"', '\\', ':', ' ', "\n", "\t", "\0",
            "\x01", "\x7f", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xc3",
            "\xf4\x90\x80\x80", "\xef\xbb\xbf", '//', '\\u0000', '\\ud800',
            '\\udc00', '\\x', "'", '0', '-', '.', 'e', '{}', 'null', "\xa0",
            chr rand 256)]
        for grep { odd() && rand() < 0.3 } 1, 2;

    $body{fill} = one(114687, 114688, 114689, 115000) if rand() < 0.006;
    $body{fill} = one(499, 500, 501) if rand() < 0.02;
    $body{nothing} = 1 if odd() && rand() < 0.05;

    return \%body;
}

sub escaped {
    my ($bytes, $all) = @_;

    return $bytes =~ s/([^0-9A-Za-z_-])/sprintf '%%%02x', ord $1/ger if !$all;
    return join '', map { sprintf one('%%%02x', '%%%02X'), ord }
                    split //, $bytes;
}

my %value = (
    marker => \&uuid,
    volume_id => \&uuid,
    offset => sub { odd() ? one(2147483647, 2147483648, '-1', '', '1.5',
                                '9' x 30, '0' x 30 . '7', '+1', 'x', "1\n")
                          : int rand 1000 },
    limit => sub { odd() ? one(0, 51, 99, 100, 101, 999, 1000, 1001, '-1', '-0',
                               '', '5 ', '1e2', '0x10', '9' x 30,
                               '0' x 30 . '50', '18446744073709551617', '-',
                               "\xef\xbc\x95", "5\n", '0' x 9, '-5x')
                         : 1 + int rand 50 },
    name => sub { my $s = odd() ? characters(size()) : name_of('EVS');
                  utf8::encode($s); $s },
    sort_dir => sub { odd() ? one('ASC', '', 'ascc', "asc\n", 'up')
                            : one('asc', 'desc') },
    status => sub { odd() ? one('bogus', '', 'Available', 'available,')
                          : one(qw(creating available error deleting
                                   error_deleting rollbacking backing-up)) },
);

sub parameter {
    my $name = one('limit', sort keys %value);
    my $value = escaped($value{$name}->(), odd() && rand() < 0.3);

    $value .= one('%', '%4', '%zz', '%ff', '%00', '%c2%85', '%7f', '%1b', ';x',
                  "\xff", "\xc3\xa9", '+', '%ed%a0%80', '#', '?', '=')
        if odd() && rand() < 0.2;

    $name = escaped($name, 1) if odd() && rand() < 0.15;

    return odd() && rand() < 0.05 ? $name : "$name=$value";
}

sub query {
    my ($reads) = @_;

    my %seen;
    my @pieces = $reads ? grep { !$seen{s/=.*//sr}++ || odd() }
                          map { parameter() } 1 .. rand 4 : ();

    push @pieces, one('_method=POST', '%5fmethod=PUT', '_methods=1', '_method',
                      'x;_method=GET', '_METHOD=PUT', 'x=_method',
                      '%255fmethod=x')
        if odd() && rand() < 0.15;
    push @pieces, one('foo=bar', 'all_tenants=1', 'LIMIT=5', 'limit[]=5', '',
                      '=', 'li%mit=5', '%ff=1', 'a;limit=2000')
        if odd() && rand() < 0.25;

    @pieces = shuffled(@pieces) if odd();

    return \@pieces;
}

# [method, path] of an operation that is known by name alone

my @siblings = map { my ($methods, $path) = @$_;
                     map { [$_, $path] } split / /, $methods }
               map { @{ $_->{requests} } }
               grep { !$_->{body} && !$_->{query} } @{ $FACTS->{operations} };

sub sibling {
    my ($method, $path) = @{ one(@siblings) };
    my $id = one(uuid(), 'x', 'detail', 'snap.json', '.hidden');
    my ($version, $rest) = $path =~ /^\/([^\/]+).*?\/snapshots(.*)/;

    $rest =~ s/\{snapshot_id\}/$id/;
    $rest =~ s/\{\w+\}/k.1/g;

    return ($method, (path($version, '') . $rest)
                     =~ s/([^!-~])/sprintf '%%%02x', ord $1/ger);
}

# what a path is made of that leads servers astray, and the tables' own words

my @pieces = ('/', '//', 'v3', 'v2', 'V3', 'v1.0', 'V1.0', 'p', 'snapshots',
    'Snapshots', 'detail', 'Detail', 'metadata', 'action', 'actions', '.', '..',
    '...', '%2e', '%2E%2e', '%2f', '%2F', '%252f', '%5c', '%255C', '\\', ';',
    ';x', '%3b', '#', '%23', '%3f', '%2523', '%20', '%0a', '%2520', '%7f',
    '%1f', '%85', '%a0', "\xa0", "\x85", "\xc3\xa0", '%c3%A0', '.json', '.a',
    '%25', '%2525', '%25zz', 'snap%73hots', '%53napshots', 'snap%2573hots',
    'snap%25shots', '%64etail', 'de%74ail', '%2525%64etail', '%25%2564etail',
    'v%33', '%76%31%2E0', 'details', 'snapshots-of', 'x_snapshots', '-v3',
    'my%20snap', '50%25', 'a', 'name', '~', ',', '=', "'", '|', '"', '%zz', '%',
    '%00', '%C0%af', '_method=x', SNAPSHOT, PROJECT);

sub hostile {
    my @path;

    if (rand() < 0.4) {
        @path = ('/', map { rand() < 0.4 ? '/' : one(@pieces) }
                      1 .. 2 + rand 9);

    } else {
        my $rest = one('', '', '', 'detail', SNAPSHOT, 'x', 'my%20snap',
                       SNAPSHOT . '/metadata', SNAPSHOT . '/metadata/k',
                       SNAPSHOT . '/metadata/a%20k', 'x/action', 'x/actions');

        @path = split /(\/)/, one('/v3', '/v3', '/v2', '/v1.0')
                . one('/p', '/p', '/' . PROJECT, '/snapshots', '')
                . '/snapshots' . ($rest eq '' ? '' : "/$rest");
        shift @path;

        for (1 .. rand 4) {
            my $at = int rand 1 + @path;
            my $kind = rand;

            if ($kind < 0.5) {
                splice @path, $at, 0, one(@pieces), rand() < 0.4 ? '/' : ();

            } elsif ($kind < 0.6) {
                splice @path, $at, 1, one(@pieces);

            } elsif ($kind < 0.7) {
                splice @path, $at, 0, map { one(@pieces) } 1 .. rand 5;

            } elsif ($at < @path) {
                my $byte = int rand length $path[$at];
                my $escape = one('%%%02x', '%%%02X', '%%25%02x', '%%2525%02x');

                substr($path[$at], $byte, 1)
                    =~ s/([^%])/sprintf $escape, ord $1/se;
            }
        }

        unshift @path, '/' if "@path" !~ /^\//;
    }

    return \@path;
}

# what makes of a path another spelling, or another path

my %bend = (
    slash       => sub { "$_[0]/" },
    double      => sub { $_[0] =~ s/\//\/\//r },
    double_last => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/\//r },
    dot         => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/.\//r },
    dots        => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/x\/..\//r },
    dots_param  => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/x\/..;\//r },
    dots_escape => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/x\/%2e%2E\//r },
    dots_twice  => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\/x\/%252e%252e\//r },
    json        => sub { "$_[0].json" },
    xml_json    => sub { "$_[0].xml.json" },
    dot_end     => sub { "$_[0]." },
    parameter   => sub { "$_[0];x=1" },
    parameter_p => sub { $_[0] =~ s/\/(?=[^\/]*\z)/;y\//r },
    blank       => sub { "$_[0]%20" },
    newline     => sub { "$_[0]%0a" },
    blank_twice => sub { "$_[0]%2520" },
    escape      => sub { $_[0] =~ s/(.)\z/sprintf '%%%02x', ord $1/er },
    escape_two  => sub { $_[0] =~ s/(.)\z/sprintf '%%25%02X', ord $1/er },
    escape_v    => sub { $_[0] =~ s/^\/v/\/%76/r },
    escape_id   => sub { $_[0] =~ s/^(\/[^\/]*\/)(.)/sprintf '%s%%%02x', $1,
                                                     ord $2/er },
    slash_2f    => sub { $_[0] =~ s/\/(?=[^\/]*\z)/%2f/r },
    slash_5c    => sub { $_[0] =~ s/\/(?=[^\/]*\z)/%5c/r },
    backslash   => sub { $_[0] =~ s/\/(?=[^\/]*\z)/\\/r },
    capital     => sub { $_[0] =~ s/snapshots/Snapshots/r },
    capitals    => sub { $_[0] =~ s/snapshots/SNAPSHOTS/r },
    capital_v   => sub { $_[0] =~ s/^\/v/\/V/r },
    capital_d   => sub { $_[0] =~ s/detail/Detail/r },
    fragment    => sub { "$_[0]#x" },
    fragment_23 => sub { "$_[0]%23x" },
    question    => sub { "$_[0]%3fx" },
    version     => sub { $_[0] =~ s/^\/v[^\/]*/\/v4/r },
    other       => sub { $_[0] =~ s/snapshots/volumes/r },
    singular    => sub { $_[0] =~ s/snapshots/snapshot/r },
    longer      => sub { "$_[0]/action" },
    front       => sub { "/x$_[0]" },
    front_dots  => sub { "/x/..$_[0]" },
    no_project  => sub { $_[0] =~ s/^(\/[^\/]*)\/[^\/]*/$1/r },
    lookup      => sub { "$_[0]/a%20name%3f" },
);

sub path {
    my ($version, $rest) = @_;

    my $project = odd() && rand() < 0.3
        ? one('p.q', 'p:q', 'a' x 64, 'a' x 65, 'p!', '-_Az09', 'p@q', 'p', '~')
        : hex_digits(32);

    return "/$version/$project/snapshots" . ($rest ? "/$rest" : '');
}

sub headers {
    my ($body) = @_;

    my @headers;

    if ($body) {
        push @headers, ['Content-Type', !odd() ? 'application/json'
            : one('application/json', 'application/json; charset=utf-8',
                  'application/json;charset="UTF-8"', 'APPLICATION/JSON',
                  'application/json; a=b; c="d;e"', 'application/json;',
                  'application/json; charset=utf-16', 'text/plain',
                  'application/jsonp', 'application/json, text/plain',
                  'application/json; charset=utf8', 'application/json x',
                  'application/json; charset=utf88',
                  'application/json; charset=UTF8',
                  'application/json; charset=utf-8; charset=latin1',
                  'application/json; a="b', '', 'application/json; charset',
                  'application/json; charset*0=utf-7',
                  'application/json; x="; charset=utf-7"')]
            if !(odd() && rand() < 0.2);
        push @headers, ['Content-Type', one('application/json', 'text/plain')]
            if odd() && rand() < 0.08;
        push @headers, ['Content-Encoding', one('gzip', 'identity', 'Identity',
                                                'x', 'identity, gzip', 'br',
                                                '', '')]
            if odd() && rand() < 0.2;
    }

    push @headers, [one('X-HTTP-Method-Override', 'X-HTTP-Method',
                        'x-method-override', 'X-HTTP-Methods', 'X-Method'),
                    one('POST', 'GET', '')]
        if odd() && rand() < 0.08;
    push @headers, ['X-Auth-Token', hex_digits(16)] if rand() < 0.3;
    push @headers, ['X-Tenant', one(PROJECT, PROJECT, 'other', '')]
        if rand() < 0.1;

    return [shuffled(@headers)];
}

# the versions that each kind of operation has, and all of EVS

my %kind_of = (evs_create => 'create', evs_update => 'update',
               dws_create => 'dws');
my (%versions, @all_versions);

for my $operation (@JUDGED) {
    my $path = $operation->{requests}[0][1];
    my ($version) = $path =~ /^\/([^\/]+)/;
    my $kind = $operation->{body} ? $kind_of{ $operation->{body} }
             : $path =~ /\/detail$/ ? 'detail' : 'list';

    push @{ $versions{$kind} }, $version;
    push @all_versions, $version if $operation->{family} eq 'EVS';
}

sub any_case {
    $odd = one(0, 0.1, 0.3, 0.3, 0.6);

    my $case = { set => one(('default') x 4, 'file', 'strict', 'lax'), bends => [] };
    my $kind = one(('create') x 5, 'update', 'update', 'dws', 'dws',
                   ('list') x 2, ('detail') x 3, 'unknown', ('sibling') x 4,
                   ('hostile') x 8);
    my $version = one(@{ $versions{$kind} // [@all_versions] });

    $case->{mode} = 'monitor' if rand() < 0.2;
    $case->{path} = path($version, $kind eq 'update' ? uuid()
        : $kind eq 'detail' ? 'detail'
        : $kind eq 'unknown' ? one(uuid(), '', 'detail', 'x/y') : '');
    $case->{path} =~ s/([^!-~])/sprintf '%%%02x', ord $1/ge;
    $case->{path} = hostile() if $kind eq 'hostile';
    ($case->{method}, $case->{path}) = sibling() if $kind eq 'sibling';
    $case->{method} //= $kind eq 'update' ? 'PUT'
                      : $kind =~ /^(?:create|dws)$/ ? 'POST'
                      : $kind eq 'unknown' ? one(qw(DELETE PATCH OPTIONS GET
                                                    PUT POST HEAD))
                      : $kind eq 'hostile' ? one(qw(GET GET HEAD POST POST PUT
                                                    PUT DELETE))
                      : one('GET', 'GET', 'GET', 'HEAD');

    push @{ $case->{bends} }, one(sort keys %bend)
        for grep { $kind ne 'hostile' && odd() && rand() < 0.3 } 1, 2;

    my $body = $case->{method} =~ /^(?:POST|PUT|PATCH)$/;

    $case->{query} = query(!$body);
    push @{ $case->{query} }, '_method=POST'
        if $kind eq 'sibling' && rand() < 0.5;
    $case->{headers} = headers($body);

    if ($body) {
        $case->{body} = json_body($kind =~ /^(?:dws|update)$/ ? $kind
                                                              : 'create');
        $case->{chunks} = [map { 1 + int rand one(3, 30, 3000) } 1 .. 5]
            if rand() < 0.35;
        $case->{expect} = 1 if rand() < 0.06;
    }

    $case->{old} = 1 if rand() < 0.04 && !$case->{chunks} && !$case->{expect};
    $case->{cuts} = [map { [rand, rand() < 0.1] } 1 .. rand 4]
        if rand() < 0.4;

    return $case;
}


# the bytes of a request

sub literal {
    my ($text) = @_;

    my $i = 0;

    my $s = join '', map {
        my $c = ord;

        $text->{escaped} == 1 || $text->{escaped} == 2 && ++$i % 3 == 0
            ? $c > 0xffff ? sprintf('\\u%04x\\u%04X',
                  0xd800 + (($c - 0x10000) >> 10),
                  0xdc00 + (($c - 0x10000) & 0x3ff)) : sprintf '\\u%04x', $c
            : $c < 0x20 ? sprintf('\\u%04x', $c)
            : /["\\]/ ? "\\$_" : $_
    } split //, $text->{s};

    utf8::encode($s);
    return qq("$s");
}

sub rendered {
    my ($node, $space) = @_;

    return $node->{raw} if defined $node->{raw};
    return literal($node) if defined $node->{s};
    return "[$space" . join(",$space", map { rendered($_, $space) }
                                       @{ $node->{list} }) . ']'
        if $node->{list};
    return "{$space" . join(",$space", map { literal($_->[0]) . "$space:$space"
                                             . rendered($_->[1], $space) }
                                       @{ $node->{members} }) . "$space}";
}

sub body_of {
    my ($case) = @_;

    my $body = $case->{body} or return '';

    return '' if $body->{nothing};

    my $text = rendered($body->{tree}, ('', ' ', "\r\n\t")[$body->{spaced}]);

    for my $edit (@{ $body->{edits} }) {
        my ($where, $gone, $instead) = @$edit;
        my $at = int($where * length $text);
        $gone = length($text) - $at if $at + $gone > length $text;
        substr $text, $at, $gone, $instead;
    }

    $text .= ' ' x ($body->{fill} - length $text)
        if $body->{fill} && $body->{fill} > length $text;

    return $text;
}

sub target_of {
    my ($case) = @_;

    my $path = ref $case->{path} ? join '', @{ $case->{path} } : $case->{path};
    $path = $bend{$_}->($path) for @{ $case->{bends} };

    return $path
           . (@{ $case->{query} } ? '?' . join '&', @{ $case->{query} } : '');
}

my $id = 0;

sub wire {
    my ($case) = @_;

    my $body = body_of($case);
    my @headers = (@{ $case->{headers} }, ['X-Id', ++$id]);
    my $sent = $body;

    push @headers, ['X-Mode', 'monitor'] if $case->{mode};
    push @headers, ['Expect', '100-continue'] if $case->{expect};

    if ($case->{chunks}) {
        my ($at, $i) = (0, 0);

        $sent = '';

        while ($at < length $body) {
            my $size = $case->{chunks}[$i++ % @{ $case->{chunks} }];
            $size = 1000 if $i > 50;
            my $piece = substr $body, $at, $size;
            $sent .= sprintf "%x\r\n%s\r\n", length $piece, $piece;
            $at += $size;
        }

        $sent .= "0\r\n\r\n";
        push @headers, ['Transfer-Encoding', 'chunked'];

    } elsif ($case->{body}) {
        push @headers, ['Content-Length', length $body];
    }

    my $head = "$case->{method} @{[target_of($case)]} HTTP/"
        . ($case->{old} ? '1.0' : '1.1') . "\r\nHost: localhost\r\n"
        . join('', map { "$_->[0]: $_->[1]\r\n" } @headers) . "\r\n";

    return ($head, $sent);
}


# on the wire: connections are kept alive, and made anew where they end

my %socket;

sub dial {
    my ($set) = @_;

    my $s = IO::Socket::INET->new(
        PeerAddr => "127.0.0.1:$g->{ports}{$set}") // die "connect: $!\n";
    setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
    return $s;
}

# in pieces that end at the cuts, with a pause after some

sub put {
    my ($s, $bytes, $cuts) = @_;

    my $from = 0;

    for my $cut ((sort { $a->[0] <=> $b->[0] } @{ $cuts // [] }), [1, 0]) {
        my $to = int($cut->[0] * length $bytes);

        while ($from < $to) {
            my $n = syswrite $s, $bytes, $to - $from, $from or return;
            $from += $n;
        }

        sleep 0.002 if $cut->[1];
    }
}

sub read_response {
    my ($s, $buffer, $head_only) = @_;

    my $more = sub {
        local $SIG{ALRM} = sub { die "no answer\n" };
        alarm 10;
        my $n = eval { sysread $s, $$buffer, 65536, length $$buffer };
        alarm 0;
        return $n;
    };

    while ($$buffer !~ /\r\n\r\n/) {
        $more->() or return { status => 0, closed => 1, body => '' };
    }

    $$buffer =~ s/^HTTP\/1\.[01] (\d+)[^\r]*\r\n(.*?)\r\n(?<=\r\n\r\n)//s
        || $$buffer =~ s/^HTTP\/1\.[01] (\d+)[^\r]*\r\n()\r\n//s;
    my %r = (status => $1, body => '');

    for (split /\r\n/, $2) {
        my ($name, $value) = split /: /, $_, 2;
        $r{lc $name} = $value;
    }

    if ($r{status} >= 200 && !$head_only) {
        while (length $$buffer < ($r{'content-length'} // 0)) {
            $more->() or last;
        }

        $r{body} = substr $$buffer, 0, $r{'content-length'} // 0, '';
    }

    $r{closed} = ($r{connection} // '') eq 'close';
    return \%r;
}

sub exchange {
    my ($case) = @_;

    my ($head, $body) = wire($case);
    my $s = $socket{$case->{set}} //= dial($case->{set});
    my $buffer = '';
    my $told = 0;

    if ($case->{expect}) {
        put($s, $head);
        my $r = read_response($s, \$buffer);

        if ($r->{status} != 100) {
            delete $socket{$case->{set}};
            return { %$r, told => 0, id => $id, wire => "$head$body" };
        }

        put($s, $body, $case->{cuts});
        $told = 1;

    } else {
        put($s, "$head$body", $case->{cuts});
    }

    my $r = read_response($s, \$buffer, $case->{method} eq 'HEAD');

    delete $socket{$case->{set}}
        if $r->{closed} || $case->{old} || length $buffer;

    return { %$r, told => $told, id => $id, left => $buffer,
             wire => "$head$body" };
}

# all that arrived since the last call, by id

sub arrived {
    my %by = map { my ($id) = $_->{head} =~ /^X-Id: (\d+)/mi;
                   (($id // 'none') => $_) } $g->received;

    $g->{upstream}->forget;

    return \%by;
}


# what is to come of a request; nginx itself refuses some paths

sub nginx_refuses {
    my ($path) = @_;

    $path =~ s/#.*//s;

    return 1 if $path =~ /%(?![0-9a-fA-F]{2})|%00/;

    my $depth = 0;

    for my $segment (split /\//, $path =~ s/%([0-9a-fA-F]{2})/chr hex $1/ger) {
        $depth += $segment eq '..' ? -1 : $segment =~ /^\.?\z/ ? 0 : 1;
        return 1 if $depth < 0;
    }

    return 0;
}

my $json = JSON::PP->new->utf8;
my (%broken, %verdicts, %operations);

# where answer and expectation differ, in words

sub difference {
    my ($case, $r, $arrived) = @_;

    my $body = body_of($case);
    my $target = target_of($case);
    my $expected = Contract::judge({ method => $case->{method},
        target => $target, headers => $case->{headers}, body => $body,
        tenant => join('', map { $_->[0] eq 'X-Tenant' ? $_->[1] : () }
                           @{ $case->{headers} }),
        chunked => $case->{chunks} }, $sets{$case->{set}});
    my @wrong;

    if (nginx_refuses($target =~ s/\?.*//sr)) {
        return $r->{status} == 400 && !$arrived ? ()
               : "status $r->{status}, nginx itself should have refused it";
    }

    my %must = %{ $expected->{must} };
    my %may = %{ $expected->{may} };
    my $passes = $expected->{verdict} ne 'rejected' || $case->{mode};

    $verdicts{$expected->{verdict}}++;
    $operations{"$expected->{operation} "
                . ($expected->{verdict} eq 'rejected' ? 'bad' : 'good')}++;
    $broken{$_}++ for keys %must;

    # status, operation, verdict, code

    my $verdict = $expected->{verdict} eq 'rejected' && $case->{mode}
                  ? 'monitored' : $expected->{verdict};
    my $status = $passes ? 200 : $expected->{status};
    my $judged = $r->{'x-judged'} // '';
    my $code = $r->{'x-code'} // '';

    push @wrong, "status $r->{status}, not $status"
        if $r->{status} != $status;
    push @wrong, "judged '$judged', not '$expected->{operation} $verdict'"
        if $judged ne "$expected->{operation} $verdict";
    push @wrong, "code '$code', not '$expected->{code}'"
        if !%may && $code ne $expected->{code};

    # rules and severities: in the log's variable, the headers, the details

    my $compare = sub {
        my ($where, $got, $severity, $cut) = @_;

        my %need = map { $_ => 1 }
                   grep { !$may{$_} && (!$severity || $must{$_} eq $severity) }
                   keys %must;

        push @wrong, map { "$where lacks $_" }
                     grep { !$cut && !$got->{$_} } sort keys %need;
        push @wrong, map { "$where has $_" }
                     grep { !$need{$_} && !$may{$_} } sort keys %$got;
    };

    for my $list (['x-all', ''], ['x-snapshot-warning', 'warn'],
                  ['x-snapshot-violation', 'reject']) {
        my ($name, $severity) = @$list;
        my $value = $r->{$name} // '';
        my $cut = $value =~ s/, more;count=\d+$//;

        next if $severity && !$passes && $value eq '';

        my %got = map { s/;at=.*//sr => 1 }
                  split /, (?=[a-z-]+;at=")/, $value;

        $compare->($name, \%got, $severity, $cut);
    }

    if (!$passes && $case->{method} ne 'HEAD' && !@wrong) {
        my $o = eval { $json->decode($r->{body}) };
        my (undef, $error, $dws) = Gateway::fault($o);

        if (ref $error ne 'HASH') {
            push @wrong, 'the body is no error object';

        } else {
            my %got = map { $_->{rule} => $_->{severity} }
                      @{ $error->{violations} };

            $compare->('the list of details', \%got, undef, $error->{more});
            push @wrong, map { "the details have $_ as $got{$_}" }
                         grep { $got{$_} && $got{$_} ne $must{$_} }
                         sort keys %must;
            push @wrong, "code $error->{code} in the body"
                if !%may && $error->{code} ne $expected->{code};
            push @wrong, 'the members of DWS are missing, or too many'
                if $dws ne ($expected->{family} eq 'DWS' ? 1 : '');
        }
    }

    # "100 Continue", and what arrived

    push @wrong, $r->{told} ? 'was told to go on' : 'was not told to go on'
        if $case->{expect}
           && $r->{told} != ($expected->{asks} || $case->{mode} ? 1 : 0);

    if (!$passes) {
        push @wrong, 'it arrived' if $arrived;

    } elsif (!$arrived) {
        push @wrong, 'it did not arrive';

    } else {
        push @wrong, 'it arrived as another method'
            if $arrived->{method} ne $case->{method};
        push @wrong, "it arrived at $arrived->{target}"
            if $arrived->{target} ne $target;
        push @wrong, 'it arrived with another body'
            if $arrived->{body} ne $body;
    }

    push @wrong, 'more bytes than an answer came' if length($r->{left} // '');

    return @wrong;
}

# the same request with its body in other pieces, and to the other reader

sub resplit {
    my ($case) = @_;

    my $other = copy($case);

    delete $other->{chunks};
    $other->{chunks} = [map { 1 + int rand one(1, 7, 3000) } 1 .. 5]
        if !$case->{chunks} && !$case->{old};
    $other->{cuts} = [map { [rand, rand() < 0.1] } 1 .. 3];
    $other->{set} = { default => 'file', file => 'default' }->{$case->{set}}
                    // $case->{set};

    return $other;
}

# sends it, and where it has a body, sends that in other pieces as well

sub answers {
    my ($case) = @_;

    return map { [$_, exchange($_)] }
           $case, $case->{body} ? resplit($case) : ();
}

sub told {
    my ($r) = @_;

    return join "\n", map { $r->{$_} // '' } qw(status x-judged x-code x-all
        x-snapshot-warning x-snapshot-violation body);
}

# what is wrong with the answers to a request

sub wrong {
    my ($by, @answers) = @_;

    my @wrong = map { my ($case, $r) = @$_;
                      difference($case, $r, delete $by->{$r->{id}}) } @answers;

    # too large a body is refused by its length, or when so much of it is there

    my %told = map { told($_->[1]) => 1 } @answers;

    push @wrong, 'in other pieces it has another answer'
        if keys %told > 1 && !grep { /\bbody-size\b/ } keys %told;

    return @wrong;
}

sub try_one {
    my ($case) = @_;

    my @answers = answers($case);

    return wrong(arrived(), @answers);
}


# ways to a smaller request, the largest steps first; each changes a copy

sub nodes {
    my ($node) = @_;

    return ($node, map { nodes($_) } @{ $node->{list} // [] },
            map { $_->[1] } @{ $node->{members} // [] });
}

sub steps {
    my ($case) = @_;

    my @steps;
    my $drop = sub {
        my ($list, $i) = @_;
        push @steps, sub { splice @{ $list->($_[0]) }, $i, 1 };
    };
    my $cut = sub {
        my ($s, $set) = @_;
        my $n = length $s;

        push @steps, sub { $set->($_[0], substr $s, 0, $n / 2) },
                     sub { $set->($_[0], substr $s, $n / 2) },
                     sub { $set->($_[0], substr $s, 0, $n - 1) } if $n;
    };

    for my $key (grep { $case->{$_} } qw(cuts chunks expect old mode)) {
        push @steps, sub { delete $_[0]{$key} };
    }

    push @steps, sub { $_[0]{set} = 'default' }
        if $case->{set} ne 'default';

    for my $key (qw(query headers bends)) {
        $drop->(sub { $_[0]{$key} }, $_) for reverse 0 .. $#{ $case->{$key} };
    }

    for my $i (0 .. $#{ $case->{query} }) {
        my ($name, $value) = $case->{query}[$i] =~ /^([^=]*=)(.*)$/s or next;
        $cut->($value, sub { $_[0]{query}[$i] = "$name$_[1]" });
    }

    if (ref $case->{path}) {
        $drop->(sub { $_[0]{path} }, $_) for reverse 1 .. $#{ $case->{path} };

    } elsif ($case->{path} !~ /^\/[^\/]+\/p\//) {
        push @steps, sub { $_[0]{path} =~ s/^(\/[^\/]+)\/[^\/]+/$1\/p/ };
    }

    my $body = $case->{body} or return @steps;

    push @steps, sub { delete $_[0]{body}{fill} } if $body->{fill};
    push @steps, sub { $_[0]{body}{spaced} = 0 } if $body->{spaced};
    $drop->(sub { $_[0]{body}{edits} }, $_) for 0 .. $#{ $body->{edits} };

    my @nodes = nodes($body->{tree});

    for my $i (0 .. $#nodes) {
        my $at = sub { return (nodes($_[0]{body}{tree}))[$i] };
        my $node = $nodes[$i];

        for my $key (qw(list members)) {
            $drop->(sub { $at->($_[0])->{$key} }, $_)
                for reverse 0 .. $#{ $node->{$key} // [] };
        }

        for my $text (map { my $j = $_;
                            [$node->{members}[$j][0],
                             sub { $at->($_[0])->{members}[$j][0] }] }
                      0 .. $#{ $node->{members} // [] }) {
            $cut->($text->[0]{s}, sub { $text->[1]->($_[0])->{s} = $_[1] });
            push @steps, sub { $text->[1]->($_[0])->{escaped} = 0 }
                if $text->[0]{escaped};
        }

        next if !defined $node->{s};

        # other characters of the same length in bytes

        my $bytes = $node->{s};
        utf8::encode($bytes);

        push @steps, sub { $at->($_[0])->{s} = 'x' x length $bytes }
            if $bytes =~ /[^x]/;

        $cut->($node->{s}, sub { $at->($_[0])->{s} = $_[1] });
        push @steps, sub { $at->($_[0])->{escaped} = 0 } if $node->{escaped};
    }

    return @steps;
}

sub copy {
    my ($x) = @_;

    return ref $x eq 'HASH' ? { map { $_ => copy($x->{$_}) } keys %$x }
           : ref $x eq 'ARRAY' ? [map { copy($_) } @$x] : $x;
}

sub shrunk {
    my ($case) = @_;

    my $tries = 0;
    my @wrong = try_one($case) or return ($case, 'not a second time');

    RESTART: {
        for my $step (steps($case)) {
            last RESTART if ++$tries >= 1000;

            my $smaller = copy($case);
            $step->($smaller);

            my @now = try_one($smaller) or next;

            ($case, @wrong) = ($smaller, @now);
            redo RESTART;
        }
    }

    return ($case, @wrong);
}

sub printed {
    my ($case) = @_;

    my $text = join '', wire($case);

    $text = substr($text, 0, 2000) . '...' if length $text > 2500;

    return $text =~ s/\r\n/\n/gr
                =~ s/([^\n\x20-\x7e])/sprintf '\\x%02x', ord $1/ger
                =~ s/^/    /gmr;
}


# the run

note("TEST_SEED=$seed TEST_N=$n");

my ($sent, $bad, $stray, $start) = (0, 0, 0, time);
my (@batch, %recorded);

$SIG{PIPE} = 'IGNORE';

# where chance has left something out, some more

sub covered {
    return 0 if grep { !$broken{$_} } @Contract::RULES;
    return 0 if grep { !$operations{"$_ good"} || !$operations{"$_ bad"} }
                     @Contract::Path::OPERATIONS, 'unknown';
    return 1;
}

for my $i (1 .. 3 * $n) {
    srand $seed * 100_003 + $i;

    my $case = any_case();

    my @answers = answers($case);

    push @batch, [$case, $i, @answers];
    push @{ $recorded{$_->[0]{set}} }, $_->[1] for @answers;
    $sent++;

    next if @batch < 200 && $i != $n && $i != 3 * $n;

    my $by = arrived();
    my @failed;

    for my $done (@batch) {
        my ($case, $i, @answers) = @$done;
        my @wrong = wrong($by, @answers);

        push @failed, [$case, $i, @wrong] if @wrong;
    }

    $stray += keys %$by;
    $bad += @failed;

    for my $failed (@failed > 3 ? @failed[0 .. 2] : @failed) {
        my ($case, $i, @wrong) = @$failed;
        my ($small, @still) = shrunk($case);

        diag("request $i of TEST_SEED=$seed: ", join('; ', @wrong), "\n",
             "shrunk, rules '$small->{set}': ", join('; ', @still), "\n",
             printed($small));
    }

    @batch = ();
    last if $bad || $i >= $n && ($n < 2000 || covered());
}

is($bad, 0, "$sent random requests get the verdict of the contract, and arrive "
   . "as they were sent or not at all (TEST_SEED=$seed)");
is($stray, 0, 'nothing else arrives');
cmp_ok($sent, '>=', $n, 'all of them were sent');

is(join("\n", map { unlike_gateway("snapshot_tenant \$http_x_tenant;\n$rules{$_}",
                                   @{ $recorded{$_} }) }
              sort keys %recorded), '', 'snapshot-check says the same of them');

# a generator that makes nothing but refusals, or leaves a rule alone, would
# prove nothing

SKIP: {
    skip 'too few to break all rules', 4 if $sent < 2000;

    is(join(' ', grep { !$broken{$_} } @Contract::RULES), '',
       'each rule was broken by some of them');
    is(join(' ', grep { !$operations{"$_ good"} || !$operations{"$_ bad"} }
            @Contract::Path::OPERATIONS, 'unknown'), '',
       'each operation was let through and refused');

    my $all = 0;
    $all += $_ for values %verdicts;

    cmp_ok($verdicts{rejected} / $all, '<', 0.75, 'many are right');
    cmp_ok($verdicts{rejected} / $all, '>', 0.2, 'many are not');
}

note(sprintf '%.1f s, %s', time() - $start,
     join ', ', map { "$_ $verdicts{$_}" } sort keys %verdicts);

$g->finish;

done_testing;

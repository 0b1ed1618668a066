# snapshot_openapi describes what the location enforces: a linter finds no
# error and warns of nothing in it, and tools that know nothing but the document
# (Ajv, Prism, express-openapi-validator) have the verdicts of the gateway
# wherever JSON Schema can express the rule.  It cannot say:
#
#   bytes against characters   bodies in which they matter are left out here
#   duplicate keys, bad JSON   not in the corpus
#
# TEST_SEED repeats a run.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Contract::Facts;
use Gateway;

my $modules = 'build/node/node_modules';
my $without_npm = Gateway::without_npm();

# each set of rules is a location that enforces and one that describes

my %rules = (
    default => '',
    strict => 'snapshot_rule name-length reject max=10;
               snapshot_rule name-reserved reject;
               snapshot_rule description-length reject max=3;
               snapshot_rule metadata-entry reject max=20;
               snapshot_rule update-empty reject;
               snapshot_rule cluster-id reject;
               snapshot_rule status-known reject;
               snapshot_rule limit-advised reject;
               snapshot_rule offset-range reject max=7;',
    lax => 'snapshot_rule boolean-string warn;
            snapshot_rule field-unknown pass;
            snapshot_rule field-required warn;
            snapshot_rule volume-id pass;
            snapshot_rule name-format warn;
            snapshot_rule limit-range warn;
            snapshot_rule sort-dir pass;',
    untyped => 'snapshot_rule field-type pass;
                snapshot_rule update-empty reject;
                snapshot_rule metadata-entry reject;',
);

my $g = Gateway->new(server => join '', map { "
        location /$_/ {
            $rules{$_}
            snapshot_prefix /$_;
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /$_.json {
            $rules{$_}
            snapshot_prefix /$_;
            snapshot_openapi;
        }

        location = /$_-3.0.json {
            $rules{$_}
            snapshot_prefix /$_;
            snapshot_openapi 3.0;
        }
" } sort keys %rules);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub document {
    my ($name) = @_;

    my $r = $g->get("/$name.json");

    is("$r->{status} $r->{headers}{'content-type'}[0]", '200 application/json',
       "$name: a document");
    $g->write("$name.json", $r->{body});

    return $json->decode($r->{body});
}

my %written = map { $_ => document($_) } sort keys %rules;
my %older = map { $_ => document("$_-3.0") } sort keys %rules;

# the same with each schema in the place of its name

sub resolved {
    my ($document, $value) = @_;

    return [map { resolved($document, $_) } @$value] if ref $value eq 'ARRAY';
    return $value if ref $value ne 'HASH';

    my ($name) = ($value->{'$ref'} // '') =~ /^#\/components\/schemas\/(\w+)$/;

    return resolved($document, $document->{components}{schemas}{$name})
        if defined $name;

    # what stands beside a reference is said of its place, not of the schema

    return resolved($document, $value->{allOf}[0])
        if @{ $value->{allOf} // [] } == 1;

    return { map { $_ => resolved($document, $value->{$_}) } keys %$value };
}

my %document = map { $_ => resolved($written{$_}, $written{$_}) }
               sort keys %rules;

SKIP: {
    skip "the linter: $without_npm", 1 if $without_npm;

    for my $name (sort map { ($_, "$_-3.0") } keys %rules) {
        my $said = qx($modules/.bin/redocly lint --format=summary $g->{dir}/$name.json 2>&1);
        is($?, 0, "$name: the linter finds no error") or diag $said;
        like($said, qr/Your API description is valid/, "$name: it is valid");

        # a sample of the pages need not keep what an operator has narrowed

        unlike($said =~ s/^warning no-invalid-media-type-examples: .*\n//mr,
               qr/^warning/m, "$name: and warns of nothing");
        unlike($said, qr/^warning/m, "$name: not even of a sample")
            if $name =~ /default/;
    }

    $g->write('broken.json', $json->encode({ %{ $written{default} },
                                             info => { title => 1 } }));
    my $said = qx($modules/.bin/redocly lint $g->{dir}/broken.json 2>&1);
    isnt($?, 0, 'the linter would find an error');
}

# 3.0 says the same in its own words: null by "nullable", and nothing of keys

sub newer {
    my ($value) = @_;

    return [map { newer($_) } @$value] if ref $value eq 'ARRAY';
    return $value if ref $value ne 'HASH';

    my %new = map { $_ => newer($value->{$_}) } keys %$value;
    $new{type} = [$new{type}, 'null'] if delete $new{nullable};

    return \%new;
}

sub without_names {
    my ($value) = @_;

    return [map { without_names($_) } @$value] if ref $value eq 'ARRAY';
    return $value if ref $value ne 'HASH';
    return { map { $_ => without_names($value->{$_}) }
             grep { $_ ne 'propertyNames' } keys %$value };
}

for my $name (sort keys %rules) {
    my ($new, $old) = (without_names($written{$name}), newer($older{$name}));

    is("$new->{openapi} $old->{openapi}", '3.1.0 3.0.3', "$name: the versions");

    delete @$_{qw(openapi info)} for $new, $old;
    is_deeply($old, $new, "$name: one contract in both");
    unlike($json->encode($older{$name}), qr/"type":\[|propertyNames/,
           "$name: 3.0 has no list of types, and no names of properties");
}

my (undef, $refused) = $g->test_conf(
    server => 'location / { snapshot_openapi 2.0; }');
like($refused, qr/invalid value "2.0" in "snapshot_openapi" directive, it must be "3.0" or "3.1"/,
     'there is no other version');

# what is in it

# operations, by path and method

my %operations;

for my $operation (@JUDGED) {
    for my $request (@{ $operation->{requests} }) {
        $operations{ $request->[1] }{ lc $_ }
            = $operation->{name} . ($_ eq 'HEAD' ? '_head' : '')
            for split / /, $request->[0];
    }
}

my $paths = $document{default}{paths};

is(join(' ', sort keys %$paths), join(' ', sort map { "/default$_" }
   keys %operations), 'the paths are those of the contract, with the prefix');

for my $path (sort keys %operations) {
    my $item = $paths->{"/default$path"};

    is_deeply({ map { $_ => $item->{$_}{operationId} }
                grep { $_ ne 'parameters' } keys %$item },
              $operations{$path}, "the operations of $path");
}

# a refusal is as it is described: of DWS with its own members

for my $case (['/v3/{project_id}/snapshots', 'Error'],
              ['/v2/{project_id}/snapshots', 'Error'],
              ['/v1.0/{project_id}/snapshots', 'DwsError']) {
    my ($path, $name) = @$case;

    my $r = $g->post('{', target => "/default$path" =~ s/\{.*\}/p/r);
    my %said = %{ $json->decode($r->{body}) };
    my $described = $written{default}{paths}{"/default$path"}{post}{responses}
                    {400};
    my $schema = $document{default}{components}{schemas}{$name};

    is($described->{content}{'application/json'}{schema}{'$ref'},
       "#/components/schemas/$name", "the refusals of $path");
    is(scalar keys %said, $schema->{maxProperties}, 'have so many members');

    delete @said{@{ $schema->{required} // [] }};
    is(scalar keys %said, 1, 'those that are required, and the fault');
    is(join(' ', sort keys %{ (values %said)[0] }), 'code message',
       'which has code and message');
    ok($r->{headers}{lc $_}, "and the header $_")
        for keys %{ $described->{headers} };
}

my @snapshot = qw(id status name description created_at updated_at metadata
                  volume_id size);

for my $case (['/v3/{project_id}/snapshots', 'post', 202, @snapshot, 'user_id'],
              ['/v2/{project_id}/snapshots', 'post', 202, @snapshot],
              ['/v3/{project_id}/snapshots/{snapshot_id}', 'put', 200,
               @snapshot],
              ['/v1.0/{project_id}/snapshots', 'post', 200, 'id']) {
    my ($path, $method, $status, @fields) = @$case;

    my $schema = $paths->{"/default$path"}{$method}{responses}{$status}{content}
                 {'application/json'}{schema}{properties}{snapshot};
    is(join(' ', sort keys %{ $schema->{properties} }), join(' ', sort @fields),
       "$method $path: the documented fields of a $status");
}

# the pages have the wrapper and the id in every response, the rest is not said

sub required {
    my ($schema) = @_;

    my $inner = $schema->{properties}{$schema->{required}[0]};

    return join ' ', @{ $schema->{required} },
                     @{ ($inner->{items} // $inner)->{required} };
}

for my $path (sort keys %operations) {
    for my $method (sort keys %{ $operations{$path} }) {
        my $operation = $paths->{"/default$path"}{$method};
        my ($status) = grep { /^2/ } keys %{ $operation->{responses} };
        my $content = $operation->{responses}{$status}{content};

        is("@{ $operation->{tags} }", $path =~ /v1/ ? 'DWS' : 'EVS',
           "$method $path: its family is its tag");

        if ($method eq 'head') {
            is($content, undef, 'no response has a body');
            next;
        }

        is(required($content->{'application/json'}{schema}), $path !~ /_id}\/snapshots(?:\/detail)?$/
                              || $method =~ /post|put/ ? 'snapshot id'
                                                       : 'snapshots id',
           "what every response has");
    }
}

is_deeply([sort map { $_->{name} } @{ $document{default}{tags} }],
          ['DWS', 'EVS'], 'the tags are declared');

my ($scheme) = map { keys %$_ } @{ $document{default}{security} };

is(join(' ', @{ $document{default}{components}{securitySchemes}{$scheme} }
             {qw(type in name)}), 'apiKey header X-Auth-Token',
   'each request has a token');

my $detail = $paths->{'/default/v3/{project_id}/snapshots/detail'}{get};
my $listed = $detail->{responses}{200}{content}{'application/json'}{schema}
             {properties};

is(join(' ', sort keys %$listed), 'snapshots snapshots_links', 'a list');
is(join(' ', sort keys %{ $listed->{snapshots}{items}{properties} }),
   join(' ', sort @snapshot, map { "os-extended-snapshot-attributes:$_" }
        'project_id', 'progress'), 'with the documented fields');
is(join(' ', map { $_->{name} } @{ $detail->{parameters} }),
   'marker offset limit name sort_dir status volume_id', 'its parameters');
is(join(' ', map { $_->{name} } grep { $_->{allowEmptyValue} }
             @{ $detail->{parameters} }), 'name status',
   'a name may be empty, and a value whose rule does not reject');

for my $name (sort keys %rules) {
    my $metadata = $document{$name}{paths}{"/$name/v3/{project_id}/snapshots"}
                   {post}{requestBody}{content}{'application/json'}{schema}
                   {properties}{snapshot}{properties}{metadata};
    my $more = $metadata->{additionalProperties};

    is(ref $more eq 'HASH' ? $more->{type} : $more ? 'any' : 'none',
       $rules{$name} =~ /metadata-entry reject/ ? 'string' : 'any',
       "$name: the metadata have any keys, and the values that are let through");
}

my %strict = map { $_->{rule} => $_ } @{ $document{strict}{'x-snapshot-rules'} };
my %default = map { $_->{rule} => $_ }
              @{ $document{default}{'x-snapshot-rules'} };

is(scalar keys %strict, scalar keys %RULE, 'all rules are in it');
is("$default{'name-length'}{severity} $default{'name-length'}{max} "
   . "$strict{'name-length'}{max}", 'reject 255 10', 'with their limits');
is("$default{'name-reserved'}{severity} $strict{'name-reserved'}{severity}",
   'warn reject', 'and the severities of the location');
is($default{'limit-range'}{evs}, 'EVS.5400', 'and their codes');

my $name = $document{strict}{paths}{'/strict/v3/{project_id}/snapshots'}{post}
           {requestBody}{content}{'application/json'}{schema}{properties}
           {snapshot}{properties}{name};
is("$name->{'x-max-bytes'} @{$name->{'x-snapshot-rule'}}",
   '10 name-length name-reserved', 'a limit in bytes, and the rules of a field');

# what no keyword says is said in words

sub described {
    my ($rules, $path, $field) = @_;

    return $document{$rules}{paths}{"/$rules$path"}{post}{requestBody}{content}
           {'application/json'}{schema}{properties}{snapshot}{properties}
           {$field}{description};
}

like(described('default', '/v3/{project_id}/snapshots', 'name'),
     qr/\. It must have at most 255 bytes in UTF-8\. It should not begin with "autobk_snapshot_"\.$/,
     'a limit in bytes and a reserved prefix');
like(described('strict', '/v2/{project_id}/snapshots', 'name'),
     qr/\. It must have at most 10 bytes in UTF-8\. It must not begin with "autobk_snapshot_"\.$/,
     'as the location has them');
like(described('default', '/v3/{project_id}/snapshots', 'metadata'),
     qr/\. Each key and each value should have at most 255 bytes in UTF-8\.$/,
     'a limit of metadata');
unlike(described('default', '/v1.0/{project_id}/snapshots', 'name'),
       qr/\d bytes|A-Za-z/, 'nothing where a keyword says it');
like(described('default', '/v1.0/{project_id}/snapshots', 'cluster_id'),
     qr/\. It should have the format `uuid`\.$/,
     'but where a rule only warns');
unlike(described('strict', '/v1.0/{project_id}/snapshots', 'cluster_id'),
       qr/uuid/, 'and no schema has it');

my %parameter = map { $_->{name} => $_ } @{ $detail->{parameters} };

like($parameter{status}{description},
     qr/It should be one of "creating", .* or "backing-up"\.$/, 'values');
like($parameter{limit}{description}, qr/It should be at most 50\.$/,
     'and numbers');

# a person can read what each thing is

my @silent;

sub silent {
    my ($place, $value) = @_;

    push @silent, $place if ($value->{description} // '') !~ /\w.*\.$/s;
}

for my $path (sort keys %$paths) {
    my $item = $written{default}{paths}{$path};

    silent("$path $_->{name}", $_) for @{ $item->{parameters} };

    for my $method (grep { $_ ne 'parameters' } sort keys %$item) {
        silent("$method $path", $item->{$method});
        silent("$method $path $_->{name}", $_)
            for @{ $item->{$method}{parameters} // [] };
    }
}

for my $name (sort keys %{ $written{default}{components}{schemas} }) {
    my $schema = $written{default}{components}{schemas}{$name};

    silent("$name $_", $schema->{properties}{$_})
        for grep { !/^error_/ } keys %{ $schema->{properties} };
}

is("@silent", '', 'each operation, parameter and field has a description');

# the pages' samples are what a client may send and will get, which the linter
# holds against their schemas

for my $case (['/v3/{project_id}/snapshots', 'post', '000'],
              ['/v2/{project_id}/snapshots', 'post', '001'],
              ['/v3/{project_id}/snapshots/{snapshot_id}', 'put', '002'],
              ['/v1.0/{project_id}/snapshots', 'post', '003'],
              ['/v3/{project_id}/snapshots/detail', 'get', '004']) {
    my ($path, $method, $page) = @$case;

    my $operation = $paths->{"/default$path"}{$method};
    my ($status) = grep { /^2/ } keys %{ $operation->{responses} };

    for my $body (grep { $_ } $operation->{requestBody},
                              $operation->{responses}{$status}) {
        my $sample = $body->{content}{'application/json'}{examples}{sample};

        is($sample->{summary}, "The sample of page $page",
           "$method $path: a sample");
        next if $body != ($operation->{requestBody} // 0);

        my $r = $g->post($json->encode($sample->{value}), method => uc $method,
            target => "/default$path" =~ s/\{project_id\}/p/r
                                      =~ s/\{snapshot_id\}/@{[SNAPSHOT]}/r);
        is($r->{status}, 200, 'that is accepted');
    }
}

# errors that no rule gives are described as well

for my $case (['/v3/{project_id}/snapshots', 'EVS', 'EVS.5404'],
              ['/v1.0/{project_id}/snapshots', 'DWS', '404']) {
    my ($path, $family, $code) = @$case;
    my $described = $paths->{"/default$path"}{post}{responses};

    is(join(' ', sort grep { /^[45d]/ } keys %$described),
       '400 401 403 404 413 415 500 503 default', "$path: the errors");
    is($described->{404}{'$ref'}, "#/components/responses/$family.404",
       'those of all operations are described once');
    like($document{default}{components}{responses}{"$family.404"}{description},
         qr/^`itemNotFound`: .* Codes: \Q$code\E\.$/, 'with name and code');
}

sub codes {
    my ($rules, $path, $method, $status) = @_;

    my $text = $document{$rules}{paths}{"/$rules$path"}{$method}{responses}
               {$status}{description};

    return $text =~ / Codes: (.*)\.$/ ? split(/, /, $1) : ();
}

is(join(' ', codes('default', '/v3/{project_id}/snapshots', 'get', 400)),
   'EVS.5400 EVS.0001 EVS.1002 EVS.2142 EVS.1040 EVS.1024',
   'the codes of a status, each once');
is(join(' ', codes('default', '/v1.0/{project_id}/snapshots', 'post', 400)),
   'DWS.5065 DWS.5039 DWS.5037', 'those of DWS');
is(join(' ', codes('strict', '/v3/{project_id}/snapshots', 'post', 413)),
   '413', 'also where the status is the code');
is(join(' ', grep { /1023/ } codes('strict', '/v3/{project_id}/snapshots',
                                   'get', 400)), 'EVS.1023',
   'those of rules that reject in the location');

my $r = $g->request('HEAD', '/default.json');
is("$r->{status} $r->{body}", '200 ', 'HEAD has no body');
$r = $g->post('{}', target => '/default.json');
is("$r->{status} $r->{fault} $r->{headers}{allow}[0]",
   '405 badMethod GET, HEAD', 'POST is no method for it');


# the corpus

my $seed = $ENV{TEST_SEED} // time;

note "TEST_SEED=$seed";
srand $seed;

sub any { return $_[rand @_] }

sub text { return any('a', 'Z') x any(0, 1, 3, 4, 9, 10, 11, 20, 21, 63, 64, 65,
                                      254, 255, 256, 300) }

sub uuid { return any(VOLUME, uc VOLUME, VOLUME =~ s/-//gr, VOLUME . '0', '', 'x',
                      VOLUME =~ s/^./g/r, VOLUME . "\n", ' ' . VOLUME) }

sub wrong { return any(undef, 1, 0, -1.5, [], {}, JSON::PP::true,
                       JSON::PP::false, ['a'], { a => 1 }) }

sub mostly { return rand() < 0.85 ? $_[0] : wrong() }

my %field = (
    volume_id => sub { mostly(rand() < 0.7 ? VOLUME : uuid()) },
    cluster_id => sub { mostly(rand() < 0.7 ? CLUSTER : uuid()) },
    description => sub { mostly(text()) },
    name => sub { mostly(any(text(), text(), 'abcd', 'a-_1', '1abc', 'ab.c',
                             "abcd\n", 'autobk_snapshot_', 'autobk_snapshot_1',
                             'Autobk_snapshot_1', 'xautobk_snapshot_')) },
    force => sub { rand() < 0.5 ? any(JSON::PP::true, JSON::PP::false)
                   : any('true', 'True', 'FALSE', '0', '1', 'yes', 'nO', 'on',
                         'Off', 't', 'N', 'maybe', '', '2', wrong()) },
    metadata => sub { mostly({ map { (text() => rand() < 0.8 ? text()
                                      : wrong()) } 1 .. rand 4 }) },
    display_name => sub { text() }, Name => sub { wrong() },
    snapshot => sub { {} },
);

my %body = (
    '/v3/{project_id}/snapshots' => [post => qw(volume_id force metadata
                                                description name)],
    '/v2/{project_id}/snapshots' => [post => qw(volume_id force metadata
                                                description name)],
    '/v1.0/{project_id}/snapshots' => [post => qw(name cluster_id
                                                  description)],
    '/v3/{project_id}/snapshots/{snapshot_id}' => [put => qw(name
                                                             description)],
);

sub body {
    my (@fields) = @_;

    my %snapshot = map { $_ => $field{$_}->() }
                   grep { rand() < 0.7 } @fields;

    # enough of them are right but for one thing

    for my $required (grep { /_id$/ } @fields) {
        $snapshot{$required} = $required eq 'volume_id' ? VOLUME : CLUSTER
            if rand() < 0.7;
    }

    $snapshot{name} = 'abcd' if rand() < 0.3;
    $snapshot{any(keys %field)} = wrong() if rand() < 0.1;

    return { snapshot => wrong() } if rand() < 0.03;
    return {} if rand() < 0.02;
    return { snapshot => \%snapshot, more => 1 } if rand() < 0.03;
    return { snapshot => \%snapshot };
}

my @corpus;

for my $rules (sort keys %rules) {
    for my $path (sort keys %body) {
        my ($method, @fields) = @{ $body{$path} };

        for (1 .. 300) {
            push @corpus, { rules => $rules, path => "/$rules$path",
                            method => $method, body => body(@fields) };
        }
    }

    my %values = (
        limit => [0, 1, 50, 51, 1000, 1001, '-1', '-0', '007', '+5', '5.0', '',
                  'x', '9' x 30, '1e2'],
        offset => [0, 7, 8, 2147483647, 2147483648, '-1', '', 'x', '00'],
        marker => [SNAPSHOT, uc SNAPSHOT, 'x', '', SNAPSHOT . '0'],
        volume_id => [VOLUME, 'x', ''],
        sort_dir => ['asc', 'desc', 'ASC', '', 'up'],
        status => ['available', 'backing-up', 'x', ''],
        name => ['', 'a', 'n' x 10, 'n' x 11, 'n' x 255, 'n' x 256],
    );

    for my $param (sort keys %values) {
        for my $value (@{ $values{$param} }) {
            push @corpus, map { { rules => $rules, path => "/$rules$_",
                method => 'get', param => $param, value => "$value" } }
                '/v3/{project_id}/snapshots/detail',
                '/v2/{project_id}/snapshots';
        }
    }
}

# the gateway's verdicts, many requests to a connection

sub request_text {
    my ($case) = @_;

    my $target = $case->{path} =~ s/\{project_id\}/p/r
                               =~ s/\{snapshot_id\}/@{[SNAPSHOT]}/r;

    if (exists $case->{param}) {
        my $value = $case->{value} =~ s/([^0-9A-Za-z.-])/sprintf '%%%02x', ord $1/ger;

        return Gateway::head('GET', "$target?$case->{param}=$value", []);
    }

    my $body = $json->encode($case->{body});

    return Gateway::head(uc $case->{method}, $target,
        [['Content-Type', 'application/json'],
         ['Content-Length', length $body]]) . $body;
}

my (@gateway, %undocumented);

for (my $i = 0; $i < @corpus; $i += 50) {
    my @batch = @corpus[$i .. ($i + 49 < $#corpus ? $i + 49 : $#corpus)];
    my @r = $g->exchange(join('', map { request_text($_) } @batch),
                         count => scalar @batch, timeout => 10);

    for my $n (grep { $r[$_]{status} == 400 } 0 .. $#r) {
        my ($rules, $path, $method) = @{ $batch[$n] }{qw(rules path method)};
        my ($error) = grep { ref } values %{ $json->decode($r[$n]{body}) };

        $undocumented{$error->{code}}++ if !grep { $_ eq $error->{code} }
            codes($rules, $path =~ s/^\/$rules//r, $method, 400);
    }

    push @gateway, map { $_->{status} == 200 ? 'valid'
                         : $_->{status} == 400 ? 'invalid' : $_->{status} } @r;
}

is(scalar @gateway, scalar @corpus, 'the gateway has answered everything');
is(join(' ', sort keys %undocumented), '',
   'and with codes that are in the description of the status');

$g->finish;

if ($without_npm) {
    SKIP: { skip "Ajv, Prism and express-openapi-validator: $without_npm", 1 }
    done_testing;
    exit;
}

# what a foreign tool says of requests that a document describes

sub said {
    my ($tool, $document, @requests) = @_;

    $g->write('requests', join '', map { $json->encode($_) . "\n" } @requests);

    return split /\n/, scalar
        qx(node t/node/verdicts.mjs $tool $document $g->{dir}/requests 2>&1);
}

# responses: those of the pages, and such that miss what every one has

my @responses;

for my $case (['/v3/{project_id}/snapshots', 'post', 202],
              ['/v2/{project_id}/snapshots', 'post', 202],
              ['/v3/{project_id}/snapshots/{snapshot_id}', 'put', 200],
              ['/v1.0/{project_id}/snapshots', 'post', 200],
              ['/v3/{project_id}/snapshots/detail', 'get', 200]) {
    my ($path, $method, $status) = @$case;
    my $sample = $paths->{"/default$path"}{$method}{responses}{$status}{content}
                 {'application/json'}{examples}{sample}{value};
    my ($wrapper) = keys %$sample;
    my ($inner) = ref $sample->{$wrapper} eq 'ARRAY' ? @{ $sample->{$wrapper} }
                  : $sample->{$wrapper};
    my $of = sub {
        return { $wrapper => ref $sample->{$wrapper} eq 'ARRAY' ? [@_] : @_ };
    };
    my %without = %$inner;

    delete $without{id};

    push @responses, map { { path => "/default$path", method => $method,
                             status => $status, expected => $_->[0],
                             response => $_->[1] } }
        [valid => $sample], [valid => $of->({ %$inner, more => 1 })],
        [invalid => {}], [invalid => $of->(\%without)],
        [invalid => $of->({ %$inner, id => 5 })],
        $inner->{name} ? ([valid => $of->({ %$inner, name => undef })],
                          [invalid => $of->({ %$inner, name => 5 })],
                          [invalid => $of->({ %$inner, size => '5' })]) : ();
}

for my $error ([400 => '/v3/{project_id}/snapshots'],
               [413 => '/v1.0/{project_id}/snapshots']) {
    my ($status, $path) = @$error;
    my $fault = { badRequest => { message => 'a', code => 'b' } };
    my %flat = $path =~ /v1/ ? (error_code => 'b', error_msg => 'a') : ();

    push @responses, map { { path => "/default$path", method => 'post',
                             status => $status, expected => $_->[0],
                             response => $_->[1] } }
        [valid => { %$fault, %flat }], [invalid => { %flat }],
        [invalid => { badRequest => { message => 'a' }, %flat }],
        [invalid => { badRequest => { message => 'a', code => 5 }, %flat }],
        [invalid => { %$fault, %flat, more => 'a' }];
}

for my $tool ('ajv', 'prism') {
    my @said = said($tool, "$g->{dir}/default.json", @responses);

    is(join("\n", map { $json->encode($responses[$_]) . ": $said[$_]" }
                  grep { $said[$_] ne $responses[$_]{expected} } 0 .. $#said),
       '', "$tool knows what every response has");
    is(scalar @said, scalar @responses, 'and has answered everything');
}

# What each has in its own way: which of the documents it reads, each how many
# requests it is asked about, and what it takes for something else.  A text
# that is no integer of ASCII digits becomes one to those who convert it first.

my $converts = sub {
    my ($case) = @_;
    return ($case->{param} // '') =~ /^(?:limit|offset)$/
           && $case->{value} =~ /^(?:\+5|5\.0|1e2)$/;
};

my %tool = (
    ajv => { document => '', each => 1, other => sub { 0 } },

    # an empty parameter is none

    prism => { document => '', each => 3, other => sub {
        my ($case) = @_;
        return $converts->($case)
               || (exists $case->{param} && $case->{value} eq '');
    } },

    # it reads no 3.1, and 3.0 has no word for the keys of a map

    express => { document => '-3.0', each => 3, other => sub {
        my ($case) = @_;
        my $snapshot = ref $case->{body} eq 'HASH' && $case->{body}{snapshot};
        my $map = ref $snapshot eq 'HASH' && $snapshot->{metadata};
        return $converts->($case)
               || (ref $map eq 'HASH'
                   && grep { $_ eq '' || length > 20 } keys %$map);
    } },
);

for my $tool (sort keys %tool) {
    my ($kind, $asked, %count, @differ) = ($tool{$tool}, 0);

    for my $rules (sort keys %rules) {
        my @index = grep { $corpus[$_]{rules} eq $rules
                           && $_ % $kind->{each} == 0
                           && !$kind->{other}->($corpus[$_]) } 0 .. $#corpus;
        my @said = said($tool, "$g->{dir}/$rules$kind->{document}.json",
                        @corpus[@index]);

        is(scalar @said, scalar @index, "$rules: $tool has answered everything")
            or diag "@said[0 .. 5]";
        $asked += @index;

        for my $i (0 .. $#index) {
            my $verdict = $gateway[$index[$i]];

            $count{$verdict}++;
            push @differ, "$rules: gateway $verdict, $tool $said[$i]: "
                          . $json->encode($corpus[$index[$i]])
                if $said[$i] ne $verdict;
        }
    }

    is(scalar @differ, 0, "the gateway and $tool agree on $asked requests")
        or diag join "\n", @differ[0 .. ($#differ < 9 ? $#differ : 9)];
    cmp_ok($count{valid}, '>', $asked / 10, "$count{valid} of them were valid");
    cmp_ok($count{invalid}, '>', $asked / 10, "$count{invalid} were not");

    # a document with another limit is noticed

    my $wrong = $g->read("default$kind->{document}.json")
                =~ s/"maxLength": 255/"maxLength": 256/gr;

    $g->write('wrong.json', $wrong);

    is(join(' ', said($tool, "$g->{dir}/wrong.json",
                      { path => '/default/v3/{project_id}/snapshots',
                        method => 'post',
                        body => { snapshot => { volume_id => VOLUME,
                                                name => 'n' x 256 } } })),
       'valid', "$tool: a wrong limit would make them differ");
}

done_testing;

# Whose request it is: "snapshot_tenant" tells the tenant of the token instead of
# that of the path, in $snapshot_tenant, in error.log and in the table of the
# projects; $snapshot_token_id tells a token from another one, and no more.

use strict;
use warnings;

use Digest::SHA qw(sha1_hex);
use Test::More;
use Time::HiRes qw(sleep);

use Gateway;

my $victim = 'd6c277ba8820452e83df36f33c9fa561';

my %conf = (workers => 2, http => <<'EOF', servers => <<'EOG', server => <<'EOH');
    snapshot_zone counters 128k;
    snapshot_tenant $tenant;

    map $http_x_auth_token $project {
        token-a    a;
        token-b    b;
        token-c    c;
        token-odd  'o"d\\d';
        token-long aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaz;
    }

    map $snapshot_tenant $mode {
        default enforce;
        b       monitor;
    }

    log_format tenants escape=json
        '{"tenant":"$snapshot_tenant","status":"$status"}';
    access_log tenants.log tenants;

    limit_req_zone $snapshot_tenant zone=tenants:1m rate=1r/m;
    limit_req_status 429;
EOF
    server {
        listen 127.0.0.1:%%PORT_token%%;
        add_header X-Project $project;

        location / {
            if ($project = "") { return 401; }
            return 204;
        }
    }
EOG
        error_page 403 429 /snapshot_error;

        auth_request_set $tenant $upstream_http_x_project;

        location = /snapshot_error { internal; snapshot_error; }
        location = /status.json { snapshot_status json; }

        location = /token {
            internal;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_pass http://127.0.0.1:%%PORT_token%%;
        }

        location / {
            auth_request /token;
            try_files /no-such-file @api;
        }

        location @api {
            snapshot_gateway $mode;
            add_header X-Tenant "<$snapshot_tenant>" always;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v2/ {
            auth_request /token;
            try_files /no-such-file @strict;
        }

        location @strict {
            snapshot_rule project-match reject;
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/limited/ {
            auth_request /token;
            try_files /no-such-file @limited;
        }

        location @limited {
            limit_req zone=tenants;
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/header/ {
            snapshot_tenant $http_x_tenant;
            snapshot_gateway enforce;
            add_header X-Tenant "<$snapshot_tenant>" always;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /id/ {
            add_header X-Worker $pid;
            add_header X-Token-Id "<$snapshot_token_id>";
            proxy_set_header X-Auth-Token $http_x_auth_token;
            proxy_set_header X-Id $snapshot_token_id;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOH

my $g = Gateway->new(%conf);

sub token { return [['X-Auth-Token', $_[0]]] }

sub rows { return map { $_->{project} } @{ $g->status->{projects}{rows} } }

# the row of the last request, which a worker may count after the response

sub is_last_row {
    my ($project, $title) = @_;

    for (1 .. 100) {
        last if ((rows())[0] // '') eq $project;
        sleep 0.02;
    }

    is((rows())[0], $project, $title);
}

my $bad = create_body(name => 'n' x 300);


# who asks

for my $t (qw(a b c)) {
    my $r = $g->post($bad, target => '/v3/snapshots',
                     headers => token("token-$t"));

    is($r->{headers}{'x-tenant'}[0], "<$t>",
       "the token of $t tells the tenant, where the path names none");
    is($r->{status}, $t eq 'b' ? 200 : 400, 'a map tells its mode');
}

is_last_row('c', 'a refused request is counted for its tenant');

my %rows = map { $_ => 1 } rows();
is(join(' ', sort keys %rows), 'a b c',
   'three tokens are three tenants in the table of projects');

my $r = $g->post($bad, target => "/v3/$victim/snapshots",
                 headers => token('token-a'));
is($r->{headers}{'x-tenant'}[0], '<a>', 'the path is not believed');
is(scalar(grep { $_ eq $victim } rows()), 0,
   'nobody gets a row by what others write into paths');

my $log = $g->read('error.log');
like($log, qr/request rejected: operation evs_v3_create, tenant a, rule /,
     'error.log names the tenant');
like($log, qr/would be rejected: operation evs_v3_create, tenant b, rule /,
     'that of a monitored request, too');
unlike($log, qr/operation \S+, \w+ \Q$victim/, 'not the project of the path');


# a token of one and a path of another

my $good = create_body();

$r = $g->post($good, target => "/v3/$victim/snapshots",
              headers => token('token-a'));
is($r->{status}, 200, 'the path of another project is let through by default');
is($r->{headers}{'x-snapshot-warning'}[0],
   'project-match;at="path:project_id"', 'with a warning');
is_last_row('a', 'which is counted for the tenant');

$g->received;
$r = $g->post($good, target => "/v2/$victim/snapshots",
              headers => token('token-a'));
is("$r->{status} $r->{fault} $r->{error}{code}", '403 forbidden EVS.5403',
   'where project-match rejects, it is forbidden');
like($r->{error}{message}, qr/^path project_id: [^;]+$/,
     'and the message says why');
unlike($r->{body}, qr/\Q$victim/, 'without the ids');
is(scalar(my @none = $g->received), 0, 'the API hears nothing of it');

$r = $g->request('DELETE', "/v2/$victim/snapshots/" . SNAPSHOT,
                 token('token-a'));
is($r->{status}, 403, 'a sibling operation as well');

for my $path ('/v2/a/snapshots', '/v2/a/snapshots/a%20name') {
    is($g->get($path, headers => token('token-a'))->{status}, 200,
       "$path with a token of its project is let through");
}


# what is no project id

$r = $g->post($bad, headers => token('token-odd'));
is($r->{headers}{'x-tenant'}[0], '<o%22d%5Cd>',
   'a tenant is safe in headers and logs');
is_last_row('o%22d%5Cd', 'and has a row of its own');
$r = $g->post($bad, headers => token('token-long'));
is($r->{headers}{'x-tenant'}[0], '<' . 'a' x 64 . 'z>', 'it may be long');
is_last_row('a' x 64, 'the row has 64 bytes of it at most');
unlike($g->read('error.log'), qr/tenant (?:o|aa)/,
       'error.log names none that is no project id');


# where nobody says whose a request is

$r = $g->post($bad, target => "/v3/header/snapshots");
is($r->{headers}{'x-tenant'}[0], '<header>',
   'without a tenant it is the project of the path');
is_last_row('header', 'in the table as well');
like($g->read('error.log'), qr/operation \S+, project header, /,
     'error.log names the project');
$r = $g->post($bad, target => "/v3/header/snapshots",
              headers => [['X-Tenant', "\xc3\xa9\xff"]]);
is($r->{headers}{'x-tenant'}[0], "<\xc3\xa9%FF>",
   'a location has a variable of its own, and its bytes are made safe');


# what is refused before it is judged

my $lines = () = $g->lines('tenants.log');

$r = $g->get('/v3/limited/snapshots', headers => token('token-a'));
is($r->{status}, 200, 'a budget by tenant');
$r = $g->get('/v3/limited/snapshots', headers => token('token-a'));
is($r->{status}, 429, 'is spent by its own requests');

my @logged;

for (1 .. 250) {
    @logged = $g->lines('tenants.log');
    last if @logged >= $lines + 2;
    sleep 0.02;
}

is($logged[-1], '{"tenant":"a","status":"429"}',
   'and the log names the tenant, although nothing was judged');

$r = $g->get('/v3/limited/snapshots', headers => token('token-b'));
is($r->{status}, 200, 'another tenant has its own budget, by the same path');
is($g->get('/v3/limited/snapshots', headers => token('none'))->{status}, 401,
   'and a stranger none');


# configuration

for my $case (
    ['snapshot_tenant a;',
     'invalid value "a" in "snapshot_tenant" directive, it must be a variable'],
    ['snapshot_tenant $no_such_variable;',
     'unknown "no_such_variable" variable'],
    ['snapshot_tenant $host; snapshot_tenant $uri;',
     '"snapshot_tenant" directive is duplicate'],
    ['snapshot_tenant;',
     'invalid number of arguments in "snapshot_tenant" directive'],
) {
    my ($ok, $said) = $g->test_conf(server => "location / { $case->[0] }");

    ok(!$ok, "$case->[0] is refused");
    like($said, qr/\Q$case->[1]/, 'with the reason');
}


# the id of a token

sub asked {
    my ($headers) = @_;

    my $h = $g->get('/id/', headers => $headers)->{headers};

    return ($h->{'x-token-id'}[0], $h->{'x-worker'}[0]);
}

sub id { return (asked(@_))[0] }

my $secret = 'gAAAAAB' . 's' x 180;
my $id = id(token($secret));

like($id, qr/^<[0-9a-f]{40}>$/, 'a token has an id');
is(id(token($secret)), $id, 'always the same one');
isnt(id(token(substr $secret, 1)), $id, 'another token has another one');

my %ids = map { id(token('t' x $_)) => 1 } 1, 55, 56, 63, 64, 65, 128, 4000;
is(keys %ids, 8, 'tokens of any length have ids of their own');
isnt($id, '<' . sha1_hex($secret) . '>',
     'who has only the token cannot compute it');
is(id([]), '<>', 'without a token it is empty');
is(id(token('')), '<>', 'with an empty one as well');

my %by_worker;

for (1 .. 200) {
    my ($seen, $worker) = asked(token($secret));
    $by_worker{$worker} = $seen;
    last if keys %by_worker == 2;
}

is(join(' ', values %by_worker), "$id $id", 'both workers have the same ids');

for my $names (['X-Auth-Token', 'X-Auth-Token'],
               ['x-auth-token', 'X-AUTH-TOKEN']) {
    $g->received;
    id([[$names->[0], 'x'], [$names->[1], 'y']]);

    my ($got) = $g->received;
    my @tokens = $got->{head} =~ /^X-Auth-Token: (.*?)\r$/mgi;
    my ($of) = $got->{head} =~ /^X-Id: (\S+)/m;

    is(scalar @tokens, 1, 'of two tokens one header goes on');
    is("<$of>", id(token($tokens[0])), 'and the id is of that');
}

for (1 .. 2) {
    $g->reload(%conf);
    is(id(token($secret)), $id, 'a reload keeps it');
}

my $other = Gateway->new(%conf);
my $h = $other->get('/id/', headers => token($secret))->{headers};
isnt($h->{'x-token-id'}[0], $id, 'another nginx has other ids');
$other->finish;

unlike($g->read($_), qr/ssssss/, "no token is in $_")
    for qw(error.log tenants.log access.log);

$g->finish;

done_testing;

# Whatever way a request takes through nginx's phases, what is bad does not
# reach the upstream, what is good does, and access is checked first.

use strict;
use warnings;

use Test::More;

use Gateway;

my $g = Gateway->new(http => <<'EOF', server => <<'EOG', servers => <<'EOH');
    snapshot_gateway enforce;
    limit_req_zone $snapshot_project_id zone=tenants:1m rate=1r/m;
    map $request_uri $up { default http://127.0.0.1:%%UPSTREAM%%; }
EOF
        proxy_set_header X-Uri $uri;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        # what the client sent goes on after a rewrite

        location /stripped/ {
            rewrite ^/stripped(/.*)$ $1 break;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /twice/ {
            rewrite ^/twice(/.*)$ $1 last;
        }

        location /renamed/ {
            rewrite ^/renamed/(.*)$ /v3/$1/snapshots break;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /if/ {
            if ($request_method = POST) {
                rewrite ^/if(/.*)$ $1 break;
                proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            }

            return 204;
        }

        location /uri/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location = /hidden {
            internal;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%$request_uri;
        }

        location /v3/hide/ {
            rewrite ^ /hidden last;
        }

        location /v3/args/ {
            set $args "limit=5000";
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        # try_files

        location /v3/try/ {
            snapshot_gateway off;
            try_files /nonexistent /tried$uri?$args;
        }

        location /v3/trynamed/ {
            snapshot_gateway off;
            try_files /nonexistent @up;
        }

        location /tried/ {
            rewrite ^/tried(/.*)$ $1 break;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location @up {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        # error_page

        location /v3/dead/ {
            proxy_pass http://127.0.0.1:1;
            error_page 502 = @up;
        }

        location /v3/branch/ {
            snapshot_gateway off;
            error_page 418 = @up;
            return 418;
        }

        location /v3/page/ {
            proxy_pass http://127.0.0.1:1;
            error_page 502 /50x.html;
        }

        location = /50x.html {
            return 502 "sorry\n";
        }

        location /v3/denied/ {
            deny all;
            error_page 403 /denied.html;
        }

        location = /denied.html {
            root %%DIR%%/pages;
        }

        location /v3/pages/ {
            error_page 400 404 413 415 /50x.html;
            recursive_error_pages on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/backup/ {
            proxy_pass http://127.0.0.1:1;
            error_page 502 = /v3/other/snapshots?limit=5000;
        }

        location /v3/kept/ {
            proxy_pass http://127.0.0.1:1;
            error_page 502 /v3/other/snapshots?limit=5000;
        }

        location /v3/absent/ {
            snapshot_gateway off;
            root %%DIR%%;
            error_page 404 /backend;
        }

        location = /backend {
            internal;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%$request_uri;
        }

        location /v3/partly/ {
            client_max_body_size 200;
            error_page 400 413 = @up;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/query/ {
            rewrite ^(.*)$ $1? break;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%$request_uri;
        }

        # subrequests

        location /v3/mirrored/ {
            mirror /mirror;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /mirror {
            internal;
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/mirrored;
        }

        location /v3/authed/ {
            auth_request /auth;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /auth {
            internal;
            if ($http_x_token != good) { return 401; }
            return 204;
        }

        location /v3/late/ {
            auth_request /remote-auth;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /remote-auth {
            internal;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/token;
        }

        location /ssi/ {
            ssi on;
            ssi_types *;
            snapshot_gateway off;
            root %%DIR%%;
        }

        location /v3/limited/ {
            limit_req zone=tenants;
            limit_req_status 429;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/variable/ {
            proxy_pass $up;
        }

        location /v3/decoded/ {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%$uri$is_args$args;
        }
EOG
    server {
        listen 127.0.0.1:%%PORT_own%%;
        merge_slashes off;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_satisfy%%;

        location /v3/any-allow/ {
            satisfy any;
            allow 127.0.0.1;
            deny all;
            auth_basic x;
            auth_basic_user_file %%DIR%%/users;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/any-deny/ {
            satisfy any;
            deny all;
            auth_basic x;
            auth_basic_user_file %%DIR%%/users;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/any-request/ {
            satisfy any;
            deny all;
            auth_request /token;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/any-none/ {
            satisfy any;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/all-allow/ {
            satisfy all;
            allow 127.0.0.1;
            deny all;
            auth_basic x;
            auth_basic_user_file %%DIR%%/users;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/all-deny/ {
            satisfy all;
            deny all;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /token {
            internal;
            if ($http_authorization = "") { return 401; }
            return 204;
        }
    }
EOH

$g->write('users', "u:{PLAIN}p\n");
mkdir "$g->{dir}/$_" for 'ssi', 'pages';
$g->write('pages/denied.html', "denied\n");
$g->write('ssi/page', '<!--#include virtual="/v3/p/snapshots?limit=5000" -->');

my $good = create_body();
my $bad = create_body(name => 'x' x 256);
my @basic = (headers => [['Authorization', 'Basic dTpw']]);

# what the upstream got but for the subrequests

sub received {
    return grep { $_->{target} !~ /^\/(?:mirrored|token)/ } $g->received;
}

# a good body and a bad one by a way, which is the target of the collection;
# the upstream gets the good one only, at a path and with a body as expected

sub way {
    my ($title, $target, %opt) = @_;

    my $seen = delete $opt{seen} // $target;
    my $status = delete $opt{status} // 200;

    my $r = $g->post($bad, target => $target, %opt);
    is($r->{status}, 400, "$title: a bad body is refused");
    is($r->{error}{code}, 'EVS.5400', "$title: with its code");
    is(scalar(my @none = received()), 0, "$title: it goes nowhere");

    $r = $g->post($good, target => $target, %opt);
    is($r->{status}, $status, "$title: a good body is accepted");

    my @got = received();
    is("@{[map { $_->{target} } @got]}", $seen, "$title: it arrives");
    is($got[0]{body}, $good, "$title: as it was judged");

    return;
}

sub refused {
    my ($title, $target, $status, %opt) = @_;

    my $r = $g->post($good, target => $target, %opt);
    is($r->{status}, $status, "$title: refused");
    is(scalar(my @none = $g->received), 0, "$title: it goes nowhere");
}

way('plain', '/v3/p/snapshots');
way('rewrite break', '/stripped/v3/p/snapshots', seen => '/v3/p/snapshots');
way('rewrite last', '/twice/v3/p/snapshots', seen => '/v3/p/snapshots');
way('rewrite to an operation', '/renamed/p', seen => '/v3/p/snapshots');
way('if', '/if/v3/p/snapshots', seen => '/v3/p/snapshots');
way('rewrite, $request_uri', '/v3/hide/snapshots');
way('try_files', '/v3/try/snapshots');
way('try_files, named', '/v3/trynamed/snapshots');
way('error_page, named', '/v3/dead/snapshots');
way('error_page as a branch', '/v3/branch/snapshots');
way('proxy_pass with a variable', '/v3/variable/snapshots');
way('proxy_pass with $uri', '/v3/decoded/snapshots');
way('mirror', '/v3/mirrored/snapshots', seen => '/v3/mirrored/snapshots');

refused('rewrite of an escaped path', '/stripped/v3/p/%73napshots', 400);
refused('rewrite of a doubled slash', '/stripped/v3//p/snapshots', 400);
refused('$uri of an escaped question mark', '/v3/decoded/snapshots%3Fx', 400);
refused('$uri of an escaped number sign', '/v3/decoded/snapshots%23x', 400);
refused('a path that only a part of all servers resolves',
        '/v3/a/..;/../../p/snapshots', 400);

# "proxy_pass" with a path of its own makes an operation of what was none

my $r = $g->get('/v3/hide/snapshots?limit=5000');
is($r->{error}{code}, 'EVS.2142', 'a bad query behind a rewrite is refused');

$r = $g->get('/v3/args/snapshots?limit=5');
is($r->{error}{code}, 'EVS.2142', 'arguments that were set are judged');

$r = $g->get('/v3/try/snapshots?limit=5000');
is($r->{error}{code}, 'EVS.2142', 'arguments behind try_files are judged');

$r = $g->get('/v3/backup/snapshots?limit=5');
is($r->{error}{code}, 'EVS.2142',
   'a request that an error page makes is judged');
is($r->{status}, 400, 'and its refusal keeps its status');
is(scalar(my @none = $g->received), 0, 'nothing of that arrived');
is($g->get('/v3/kept/snapshots')->{status}, 400,
   'also where the error page would keep its own');

$r = $g->post($good, target => '/v3/page/snapshots?limit=5000');
is("$r->{status} $r->{body}", "502 sorry\n", 'an error page is no request');

my $log = $g->last_logged;
is("$log->{operation} $log->{verdict}", 'evs_v3_create accepted',
   'the log knows the verdict after an error page');

$r = $g->get('/v3/denied/snapshots?limit=5000');
is("$r->{status} $r->{body}", "403 denied\n",
   'an error page that is a file is no request either');
$log = $g->last_logged;
is($log->{operation}, 'evs_v3_list', 'though the log knows the operation');

$r = $g->post($bad, target => '/v3/pages/snapshots');
is("$r->{status} $r->{error}{code}", '400 EVS.5400',
   'a refusal keeps its code and message when there are error pages');

$r = $g->request('DELETE', '/v3/pages/snapshots/x', [['X-Reply', 404]]);
like($r->{body}, qr/upstream/, "so does an upstream's answer");

$g->received;


# "proxy_pass" with a path sends the path as nginx has read it

my @own = (port => $g->{ports}{own});

for my $path ('/v3/a%252fb/../p/snapshots/detail', '/v3/a\\b/../p/snapshots',
              '/v3/a/..;/../../p/snapshots', '/v3//../p/snapshots',
              '/v3/p/snapshots/a\\..\\..\\..\\..\\x/../detail') {
    is($g->get("$path?limit=5", @own)->{error}{code}, 'EVS.5400',
       "GET $path is refused");
    is($g->get("$path?_method=POST", @own)->{status}, 400,
       'with an override as well');
    refused("PUT $path", $path =~ s/\/detail$/\/@{[SNAPSHOT]}/r, 400, @own,
            method => $path =~ /detail$/ ? 'PUT' : 'POST');
}

is($g->request('DELETE', '/v3/p/snapshots/a\\..\\..\\..\\..\\x/../y?_method=PUT',
   [], undef, @own)->{error}{code}, 'EVS.5400',
   'an override is found though only nginx reads the path into scope');
is($g->get('/v3/p/snapshots/a%20name%3F', @own)->{status}, 200,
   'a name is looked up however it is spelled');
$g->received;


# a request that an error page brings back

$r = $g->get('/v3/absent/snapshots?limit=5000');
is($r->{error}{code}, 'EVS.2142', 'an error page that proxies is judged');
is($g->get('/v3/absent/snapshots?limit=5')->{status}, 404, 'and may pass');
is(join(' ', map { $_->{target} } $g->received), '/v3/absent/snapshots?limit=5',
   'as it was sent');

$r = $g->get('/v3/query/snapshots?limit=5000');
is($r->{error}{code}, 'EVS.2142', 'a query that a rewrite drops is judged');

my @parts = (Gateway::head('POST', '/v3/partly/snapshots',
    [['Content-Type', 'application/json'], ['Transfer-Encoding', 'chunked'],
     ['Connection', 'close']]), '0.1',
    sprintf("%x\r\n%s\r\n", length $good, $good), '0.1');

for my $rest ("broken\r\n\r\n", "ffff\r\n" . 'x' x 500) {
    my ($r) = $g->exchange([@parts, $rest], count => 1);
    is($r->{status}, 500, 'a body that is only partly there is not judged');
    like($r->{body}, qr/"EVS.5500"/, 'which is said in the format');
}

is(scalar(@none = $g->received), 0, 'and it goes nowhere');

$r = $g->get('/v3/p/snapshots', headers => [
    ['X-Reply-Header', 'X-Accel-Redirect: /v3/p/snapshots?limit=0'],
    ['X-Reply-Header', 'Content-Type: text/html; charset=koi8-r']]);
is("$r->{status} $r->{headers}{'content-type'}[0]", '400 application/json',
   'a refusal after X-Accel-Redirect has its own type');
$g->received;


# mirror: the copy is made of what is accepted only

$g->post($bad, target => '/v3/mirrored/snapshots');
$g->post($good, target => '/v3/mirrored/snapshots');

my @mirrored;

for (1 .. 500) {
    push @mirrored, grep { $_->{target} =~ /^\/mirrored/ } $g->received;
    last if @mirrored;
    select undef, undef, undef, 0.02;
}

is(scalar @mirrored, 1, 'a mirror gets what was accepted');
is($mirrored[0]{body}, $good, 'with its body');


# access before judging

refused('auth_request', '/v3/authed/snapshots', 401);
way('auth_request', '/v3/authed/snapshots', headers => [['X-Token', 'good']]);
way('auth_request with an upstream', '/v3/late/snapshots');

is($g->post($bad, target => '/v3/authed/snapshots')->{status}, 401,
   'who may not come in is not told what is wrong with the body');

my @at = (port => $g->{ports}{satisfy});

way('satisfy any, allowed by address', '/v3/any-allow/snapshots', @at);
way('satisfy any, allowed by both', '/v3/any-allow/snapshots', @at, @basic);
way('satisfy any, allowed by password', '/v3/any-deny/snapshots', @at, @basic);
way('satisfy any, allowed by a subrequest', '/v3/any-request/snapshots', @at,
    @basic);
way('satisfy any, nothing to satisfy', '/v3/any-none/snapshots', @at);
way('satisfy all, allowed by both', '/v3/all-allow/snapshots', @at, @basic);

refused('satisfy any, denied', '/v3/any-deny/snapshots', 401, @at);
refused('satisfy any, denied by all', '/v3/any-request/snapshots', 401, @at);
refused('satisfy all, without a password', '/v3/all-allow/snapshots', 401, @at);
refused('satisfy all, denied', '/v3/all-deny/snapshots', 403, @at);


# subrequests are left alone, the main request decides

$r = $g->get('/ssi/page');
like($r->{body}, qr/upstream/, 'an SSI subrequest is not judged');
is(join(' ', map { $_->{target} } $g->received), '/v3/p/snapshots?limit=5000',
   'and goes where it was sent');


# limit_req by the project of the request line

is($g->get('/v3/limited/snapshots')->{status}, 200, 'a first request');
is($g->get('/v3/limited/snapshots')->{status}, 429, 'a second is too much');
is($g->get('/v3/limited/snapshots?limit=0')->{status}, 429,
   'also one that would have been refused');

$g->finish;

done_testing;

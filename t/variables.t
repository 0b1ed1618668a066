# The variables say what was judged, work where limit_req needs them, and
# survive internal redirects so that the log is right.

use strict;
use warnings;

use Test::More;

use Gateway;

my $g = Gateway->new(http => <<'EOF', server => <<'EOG');
    limit_req_zone $snapshot_project_id zone=tenant:1m rate=1r/m;
    limit_req_zone $snapshot_operation zone=operation:1m rate=1r/m;
    map $snapshot_operation $kind {
        default read;
        ~_(create|update)$ write;
    }
EOF
        set $early "$snapshot_operation $snapshot_project_id $snapshot_id";

        add_header X-Early $early always;
        add_header X-Kind $kind always;
        add_header X-Now "$snapshot_operation $snapshot_verdict $snapshot_rule";

        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/dead/ {
            snapshot_gateway monitor;
            proxy_pass http://127.0.0.1:1;
            error_page 502 /error;
        }

        location /v3/denied/ {
            snapshot_gateway enforce;
            deny all;
            error_page 403 /error;
        }

        location /v3/backup/ {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:1;
            error_page 502 = /v3/other/snapshots;
        }

        location /volume/ {
            snapshot_gateway enforce;
            snapshot_prefix /volume;
            deny all;
            error_page 403 /error;
        }

        location = /error {
            return 200 "page";
        }

        location /v3/tenant/ {
            limit_req zone=tenant;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3/other/ {
            limit_req zone=tenant;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v2/ {
            limit_req zone=operation;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /strip/ {
            rewrite ^/strip(/.*)$ $1 break;
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOG

my $p = PROJECT;
my $id = SNAPSHOT;
my $path = "/v3/$p/snapshots";

# the log's entry of a request, as one line of the members that are named

sub logged {
    my ($members) = @_;

    my $log = $g->last_logged;

    return join '|', map { $log->{$_} } split / /, $members;
}

my $line = 'operation project_id id';
my $all = 'verdict rule code violations';

$g->post(create_body(name => 'n1'));
is(logged("$line $all"), "evs_v3_create|$p||accepted|||", 'a good create');

$g->post(create_body(name => 'autobk_snapshot_1'));
is(logged("$line $all"), "evs_v3_create|$p||warned|name-reserved||"
   . 'name-reserved;at="/snapshot/name"', 'a warning');

$g->post(create_body(name => 'autobk_snapshot_' . 'x' x 255, y => 1));
is(logged($all), 'rejected|field-unknown|EVS.5400|'
   . 'field-unknown;at="/snapshot/y", name-length;at="/snapshot/name", '
   . 'name-reserved;at="/snapshot/name"', 'a refusal');

$g->post('{"snapshot": {"name": "a"}}', method => 'PUT',
         target => "$path/$id");
is(logged("$line verdict"), "evs_v3_update|$p|$id|accepted", 'an update');

$g->post('{"snapshot": {"name": "a"}}', method => 'PUT', target => "$path/x");
is(logged("$line verdict code"), "evs_v3_update|$p||rejected|EVS.2045",
   'an id that is none is not shown');

$g->get('/v3/p.q/snapshots');
is(logged("$line verdict code"), 'evs_v3_list|||rejected|EVS.0001',
   'nor is a project that is none');

$g->get("$path/$id");
is(logged("$line verdict"), "evs_show|$p|$id|accepted",
   'all that the path of a sibling says is known');

$g->get("$path/my%20name");
is(logged("$line verdict"), "unknown|$p||accepted",
   'the project of an unknown request is known');
$g->get("$path/a/b/c");
is(logged("$line verdict"), "unknown|$p||accepted", 'however long it is');
$g->get('/v4/p/snapshots');
is(logged("$line verdict"), 'unknown|||accepted', 'but not of another version');

$g->get('/other');
is(logged("$line $all"), '|||-|||', 'what is not in scope has nothing');

$g->get("$path?limit=0&foo=1");
is(logged('verdict rule code'), 'rejected|param-unknown|EVS.5400',
   'the first rule violated, the code of the first that rejects');


# what was sent

$g->post(create_body(name => "q\"\n\x{e9}"));
is(logged('name volume_id cluster_id'), "q%22%0A\x{e9}|@{[VOLUME]}|",
   'values of a body, percent-encoded where they could do harm');
$g->post('{"snapshot": {"name": "abcd", "cluster_id": "c1"}}',
         target => "/v1.0/$p/snapshots");
is(logged('name volume_id cluster_id'), 'abcd||c1', 'values of DWS');
$g->get("$path/detail?name=a%20b+c&volume_id=" . VOLUME);
is(logged('name volume_id'), 'a b c|' . VOLUME, 'values of a query');
$g->post(create_body(name => 'n' x 300));
is(logged('name'), 'n' x 300, 'also one that was refused');
$g->post('{"snapshot": {"name": 5}}');
is(logged('name volume_id'), '|', 'but not one of another type');


# before judging, and by the request line alone

my $r = $g->post('{');
is($r->{headers}{'x-early'}[0], "evs_v3_create $p ",
   'the operation is known before the body is read');
is($r->{headers}{'x-kind'}[0], 'write', 'and a map can use it');
is($g->get($path)->{headers}{'x-kind'}[0], 'read', 'for lists as well');
is($g->get($path)->{headers}{'x-now'}[0], 'evs_v3_list accepted ',
   'the verdict is there for the response');

is($g->get('/v3/tenant/snapshots')->{status}, 200, 'limit_req, one tenant');
is($g->get('/v3/tenant/snapshots/x')->{status}, 503, 'is over its limit');
is($g->get('/v3/other/snapshots')->{status}, 200, 'another is not');
is(logged("$line verdict"), 'evs_v3_list|other||-',
   'the request line is known where the gateway is off');
is($g->get("/v2/$p/snapshots")->{status}, 200, 'limit_req, lists');
is($g->get("/v2/$p/snapshots/detail")->{status}, 200, 'details are others');
is($g->get("/v2/$p/snapshots")->{status}, 503, 'lists are over their limit');


# after an internal redirect

$r = $g->post(create_body(name => 'n' x 256), target => '/v3/dead/snapshots');
is($r->{body}, 'page', 'an error page');
is($r->{headers}{'x-snapshot-violation'}[0], 'name-length;at="/snapshot/name"',
   'keeps the header of monitor mode');
is(logged("$line $all name"), 'evs_v3_create|dead||monitored|name-length|'
   . 'EVS.5400|name-length;at="/snapshot/name"|' . 'n' x 256,
   'and all the variables');

$r = $g->post(create_body(), target => '/v3/denied/snapshots');
is($r->{body}, 'page', 'an error page of the access phase');
is(logged("$line verdict"), 'evs_v3_create|denied||-',
   'the request line is known, though nothing was judged');

$g->post(create_body(), target => '/v3/backup/snapshots');
is(logged($line), 'evs_v3_create|backup|',
   'an error page that is an operation does not change what was asked for');

$g->post(create_body(), target => '/volume/v3/denied/snapshots');
is(logged($line), 'evs_v3_create|denied|', 'nor does a prefix get lost');
$g->request('DELETE', "/volume/v3/denied/snapshots/$id");
is(logged($line), "evs_delete|denied|$id", 'nor the project of a sibling');

$g->post('{', target => "/strip$path");
is(logged("$line verdict"), "evs_v3_create|$p||rejected",
   'behind a rewrite it is the operation that was judged');


# no byte of a client's is in error.log but in nginx's own request line

$g->post("{\"\x1b[31mevil\": \"\x1b[32mevil\"}",
         headers => [['X-Token', 'secret']]);
$g->post("{\"snapshot\": {\"evil\\u001b\": 1}}");
$g->get("$path?ev%1bil=1&limit=0");

unlike($g->read('error.log'), qr/\x1b|secret|snapshot\/evil/,
       'error.log has nothing of what clients sent');

$g->finish;


# values are safe in headers and targets: no line break, no quote, UTF-8

$g = Gateway->new(server => <<'EOG');
        location / {
            snapshot_gateway enforce;
            snapshot_rule param-encoding warn;
            snapshot_rule volume-id warn;
            snapshot_rule cluster-id warn;
            snapshot_rule name-format warn;
            proxy_set_header X-Name "<$snapshot_name>";
            proxy_set_header X-Volume "<$snapshot_volume_id>";
            proxy_set_header X-Cluster "<$snapshot_cluster_id>";
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOG

my %safe = (
    'a b-1' => 'a b-1',
    '100%' => '100%',
    "it's" => "it's",
    "a\n" => 'a%0A',
    "a\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1" =>
        'a%0D%0AX-Evil: 1%0D%0A%0D%0AGET /evil HTTP/1.1',
    "\x{e9}" => "\xc3\xa9",
    'say "x\\"' => 'say %22x%5C%22',
    "\x1b[31m\x7f" => '%1B[31m%7F',
    "\x{85}\x{9b}" => '%C2%85%C2%9B',
    "\x{1f600}" => "\xf0\x9f\x98\x80",
);

sub headers {
    my ($got) = $g->received;

    return join '|', ($got->{head} // '') =~ /^(X-.*|GET .*)\r$/mg;
}

for my $value (sort keys %safe) {
    my $title = $safe{$value};

    is($g->post(create_body(name => $value, volume_id => $value))->{status},
       200, "$title passes");
    is(headers(), "X-Name: <$safe{$value}>|X-Volume: <$safe{$value}>"
       . '|X-Cluster: <>', 'and is in the headers so');

    my $bytes = $value;
    utf8::encode($bytes);
    my $query = $bytes =~ s/([^0-9A-Za-z])/sprintf '%%%02x', ord $1/ger;

    $g->get("$path?name=$query&volume_id=$query");
    is(headers() =~ s/^GET .*?\|//r, "X-Name: <$safe{$value}>|X-Volume: "
       . "<$safe{$value}>|X-Cluster: <>", 'of a query as well');

    $g->post('{"snapshot": ' . JSON::PP->new->utf8->encode({ name => $value,
        cluster_id => $value }) . '}', target => "/v1.0/$p/snapshots");
    is(headers(), "X-Name: <$safe{$value}>|X-Volume: <>|X-Cluster: "
       . "<$safe{$value}>", 'and of DWS');
}

$g->get("$path?name=a%ff%c3%28b%e2%82");
is(headers() =~ s/^GET .*?\|//r, 'X-Name: <a%FF%C3(b%E2%82>|X-Volume: <>|'
   . 'X-Cluster: <>', 'what is no UTF-8 is percent-encoded');

$g->finish;


# any variable of nginx as UTF-8, and nothing of it changed but what is none

$g = Gateway->new(http => <<'EOF', server => <<'EOG');
    map $http_x_own $own {
        default "<$http_x_own>";
    }
EOF
        location / {
            add_header X-Uri $snapshot_utf8_request_uri;
            add_header X-Agent $snapshot_utf8_http_user_agent;
            add_header X-Mapped $snapshot_utf8_own;
            add_header X-Sent $snapshot_utf8_sent_http_x_late;
            add_header X-Named $SNAPSHOT_UTF8_ARG_NAME;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOG

$r = $g->get("/a%20\xff\xc3\xa9?name=\xfe&x=\"\\", headers => [
    ['User-Agent', "agent\"\\\x80\xe2\x82\xac\xe2\x82"], ['X-Own', "\xc0\xaf"],
    ['X-Reply-Header', "X-Late: \xed\xa0\x80!"]]);

is($r->{headers}{'x-uri'}[0], "/a%20%FF\xc3\xa9?name=%FE&x=\"\\",
   'a target that is no UTF-8');
is($r->{headers}{'x-agent'}[0], "agent\"\\%80\xe2\x82\xac%E2%82", 'a header');
is($r->{headers}{'x-mapped'}[0], '<%C0%AF>', 'a variable of a map');
is($r->{headers}{'x-sent'}[0], '%ED%A0%80!', 'a header of the response');
is($r->{headers}{'x-named'}[0], '%FE', 'a parameter, in capitals');

$r = $g->get('/');
is($r->{headers}{'x-agent'}, undef, 'what is not there is empty');
is($r->{headers}{'x-uri'}[0], '/', 'and what is plain is as it is');

$g->finish;

for my $name ('request_urii', 'snapshot_utf8_none', '') {
    my ($ok, $said) = $g->test_conf(http => "log_format x '\$snapshot_utf8_$name"
        . "';");

    ok(!$ok, "\$snapshot_utf8_$name is refused");
    like($said, qr/unknown "|invalid variable name/, 'as nginx refuses others');
}


done_testing;

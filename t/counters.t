# Every request with a verdict is counted once, by operation, verdict, rules
# and what the upstream answered to it, whatever way it took through nginx;
# nothing else is counted.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Cases;
use Contract::Facts;
use Gateway;

my $http = <<'EOT';
    snapshot_zone counters 64k;
    limit_req_zone $server_name zone=none:64k rate=1r/m;
    limit_req_zone $server_name zone=slow:64k rate=2r/s;
    limit_req_zone $server_name zone=dry:64k rate=1r/m;
    limit_req_status 429;
EOT

my $locations = <<'EOT';
        location = /metrics { snapshot_status; }
        location = /status.json { snapshot_status json; }

        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /m/ {
            snapshot_gateway monitor;
            snapshot_prefix /m;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /dead/ {
            snapshot_gateway enforce;
            snapshot_prefix /dead;
            proxy_pass http://127.0.0.1:1;
        }

        location /here/ {
            snapshot_gateway enforce;
            snapshot_prefix /here;
            return 204;
        }

        location /content/ {
            snapshot_gateway enforce;
            snapshot_prefix /content;
            empty_gif;
        }

        location /page/ {
            snapshot_gateway enforce;
            snapshot_prefix /page;
            proxy_intercept_errors on;
            error_page 404 = /m/v3/p/snapshots;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /subrequests/ {
            snapshot_gateway enforce;
            snapshot_prefix /subrequests;
            log_subrequest on;
            auth_request /auth;
            mirror /mirror;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /auth {
            log_subrequest on;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /mirror {
            log_subrequest on;
            return 204;
        }

        location /limited/ {
            snapshot_gateway enforce;
            snapshot_prefix /limited;
            limit_req zone=none;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /delayed/ {
            snapshot_gateway enforce;
            snapshot_prefix /delayed;
            limit_req zone=slow burst=5;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /dry/ {
            snapshot_gateway enforce;
            snapshot_prefix /dry;
            limit_req zone=dry;
            limit_req_dry_run on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /validate/ {
            snapshot_prefix /validate;
            snapshot_validate;
        }

        location /off/ {
            snapshot_prefix /off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /disk/ {
            snapshot_gateway enforce;
            snapshot_prefix /disk;
            client_body_buffer_size 1k;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOT

my $g = Gateway->new(http => $http, server => $locations);
my $json = JSON::PP->new->utf8;

my $path = '/v3/' . PROJECT . '/snapshots';
my $requests = 'snapshot_gateway_requests_total';
my $violations = 'snapshot_gateway_violations_total';
my $upstream = 'snapshot_gateway_upstream_total';

sub by { return $_[0] . '{' . join(',', map { my ($k, $v) = @$_; qq($k="$v") }
                                   @_[1 .. $#_]) . '}' }

# what changed since the last call, but for the time it took

my $last = $g->metrics;

sub changed {
    my $now = $g->metrics;
    my %diff;

    for my $name (grep { !/judge_seconds_(?:bucket|sum)|body_bytes/ }
                  keys %$now) {
        my $more = $now->{$name} - ($last->{$name} // 0);
        $diff{$name} = $more if $more;
    }

    $last = $now;

    return \%diff;
}

sub counted {
    my ($operation, $verdict, $status, @rules) = @_;

    my %expected = (
        by($requests, [operation => $operation], [verdict => $verdict]) => 1,
        by($upstream, [operation => $operation], [verdict => $verdict],
           [status => $status]) => 1,
        snapshot_gateway_judge_seconds_count => 1,
    );

    $expected{by($violations, [operation => $operation], [rule => $_->[0]],
                 [severity => $_->[1]])} = $_->[2] // 1 for @rules;

    return \%expected;
}

my $good = create_body();
my $bad = create_body(name => 'n' x 256);

# what there is before the first request

my $operations = @{ $FACTS->{operations} } + 1;

is(grep({ /^\Q$requests\E/ } keys %$last), $operations * 4,
   'all operations and verdicts are there from the start');
is(grep({ /^\Q$upstream\E/ } keys %$last), $operations * 4 * 5,
   'and all statuses');
is(join(' ', grep { $last->{$_} != 0 } keys %$last),
   join(' ', grep { /build_info/ } keys %$last), 'with 0');

for my $series (
    [evs_v3_create => 'name-reserved'], [evs_v2_create => 'boolean-string'],
    [evs_v3_create => 'metadata-entry'], [evs_v2_update => 'update-empty'],
    [evs_v3_update => 'snapshot-id'], [dws_v1_create => 'name-format'],
    [dws_v1_create => 'cluster-id'], [evs_v3_detail => 'limit-advised'],
    [evs_v3_list => 'marker'], [unknown => 'operation-known'],
    [unknown => 'method-override'],
) {
    for my $severity ('warn', 'reject') {
        ok(exists $last->{by($violations, [operation => $series->[0]],
            [rule => $series->[1]], [severity => $severity])},
            "$series->[0] has $series->[1], $severity");
    }
}

for my $series (
    [evs_v3_create => 'snapshot-id'], [evs_v3_create => 'limit-range'],
    [evs_v3_update => 'boolean-string'], [dws_v1_create => 'volume-id'],
    [evs_v3_detail => 'json-syntax'], [unknown => 'content-type'],
) {
    ok(!exists $last->{by($violations, [operation => $series->[0]],
        [rule => $series->[1]], [severity => 'reject'])},
        "$series->[0] cannot break $series->[1]");
}

# verdict, and what the upstream says

for my $status (200, 202, 301, 400, 404, 499, 500, 503, 599) {
    my $class = int($status / 100) . 'xx';

    $g->post($good, headers => [['X-Reply', $status]]);
    is_deeply(changed(), counted('evs_v3_create', 'accepted', $class),
              "an upstream's $status is $class");
}

$g->post($good, headers => [['X-Reply', 101]]);
is_deeply(changed(), counted('evs_v3_create', 'accepted', 'none'),
          'what is no final status is none');

$g->post($bad);
is_deeply(changed(), counted('evs_v3_create', 'rejected', 'none',
          ['name-length', 'reject']), 'what is refused asks no upstream');

$g->post($bad, target => "/m$path", headers => [['X-Reply', 202]]);
is_deeply(changed(), counted('evs_v3_create', 'monitored', '2xx',
          ['name-length', 'reject']), 'what is monitored does');

$g->get("$path?limit=60&foo=1&bar=2");
is_deeply(changed(), counted('evs_v3_list', 'warned', '2xx',
          ['limit-advised', 'warn'], ['param-unknown', 'warn', 2]),
          'each violation counts');

$g->request('HEAD', "$path/detail?limit=x", []);
is_deeply(changed(), counted('evs_v3_detail', 'rejected', 'none',
          ['limit-range', 'reject']), 'HEAD');

$g->get("$path/some-name");
is_deeply(changed(), counted('evs_show', 'accepted', '2xx'),
          'a sibling has a name');

$g->get("$path/some%20name");
is_deeply(changed(), counted('unknown', 'accepted', '2xx'),
          'what is not documented is "unknown"');

my $many = $json->encode({ snapshot => { volume_id => VOLUME,
                                         map { ("k$_" => 1) } 1 .. 500 } });
$g->post($many);
is_deeply(changed(), counted('evs_v3_create', 'rejected', 'none',
          ['field-unknown', 'reject', 500]), 'more than an answer lists');

# ways through nginx

$g->post($good, target => "/dead$path");
is_deeply(changed(), counted('evs_v3_create', 'accepted', 'none'),
          "nginx's own 502 is no upstream's");

$g->post($good, target => "/here$path");
is_deeply(changed(), {}, 'what nginx answers before the gateway');

$g->get("/content$path");
is_deeply(changed(), counted('evs_v3_list', 'accepted', 'none'),
          'what nginx answers after it');

$g->get("/page$path", headers => [['X-Reply', 404]]);
is_deeply(changed(), counted('evs_v3_list', 'accepted', '4xx'),
          'a request that is judged twice counts once');

$g->post($good, target => "/subrequests$path");
is_deeply(changed(), counted('evs_v3_create', 'accepted', '2xx'),
          'subrequests do not count');

my $limited = 'snapshot_gateway_limited_total';

sub limited {
    my ($result, $operation) = @_;

    return by($limited, [operation => $operation // 'evs_v3_create'],
              [result => $result]) => 1;
}

$g->post($good, target => "/limited$path");
is_deeply(changed(), { %{ counted('evs_v3_create', 'accepted', '2xx') },
                       limited('passed') }, 'what is within its budget');
is($g->post($good, target => "/limited$path")->{status}, 429, 'what is not');
is_deeply(changed(), { limited('rejected') },
          'got no verdict, and is counted as a 429');
is($g->request('DELETE', "/limited$path/x")->{status}, 429, 'of a sibling');
is_deeply(changed(), { limited('rejected', 'evs_delete') }, 'as well');
$g->get('/limited/v3/volumes');
is_deeply(changed(), {}, 'but not of what is out of scope');
$g->post($good, target => "/delayed$path");
changed();
$g->post($good, target => "/delayed$path");
is_deeply(changed(), { %{ counted('evs_v3_create', 'accepted', '2xx') },
                       limited('delayed') }, 'a request that had to wait');
$g->post($good, target => "/dry$path") for 1 .. 2;
is(changed()->{(limited('rejected_dry_run'))[0]}, 1,
   'and what a dry run would have refused');

for my $target ("/validate$path", "/off$path", '/v3/volumes') {
    $g->post($bad, target => $target);
    is_deeply(changed(), {}, "$target is not counted");
}

$g->exchange([Gateway::head('POST', $path,
    [['Content-Type', 'application/json'], ['Content-Length', 100]]) . '{'],
    timeout => 0.3);
$g->get('/v3/volumes');
is_deeply(changed(), {}, 'a client that went away got no verdict');

my $large = $good . ' ' x 5000;

$g->post($large, target => "/disk$path");
my $expected = counted('evs_v3_create', 'accepted', '2xx');
$expected->{snapshot_gateway_body_on_disk_total} = 1;
is_deeply(changed(), $expected, 'a body in a file');

rename "$g->{dir}/body", "$g->{dir}/moved" or die "rename: $!\n";
is($g->post($large, target => "/disk$path")->{status}, 500, 'no disk');
$expected = counted('evs_v3_create', 'rejected', 'none');
$expected->{snapshot_gateway_unjudged_total} = 1;
is_deeply(changed(), $expected, 'what could not be judged');
rename "$g->{dir}/moved", "$g->{dir}/body" or die "rename: $!\n";

# histograms

sub buckets {
    my ($name) = @_;

    my $m = $g->metrics;
    my %b = map { /^snapshot_gateway_${name}_bucket\{le="(.*)"\}$/
                  ? ($1 => $m->{$_}) : () } keys %$m;

    return (\%b, $m->{"snapshot_gateway_${name}_sum"},
            $m->{"snapshot_gateway_${name}_count"});
}

my @before = buckets('body_bytes');
my @sizes = (64, 65, 256, 257, 1024, 1025, 4096, 4097, 16384, 16385, 65536,
             65537, 114688);

$g->post('{"snapshot": {}}' . ' ' x ($_ - 16)) for @sizes;
$g->post(' ' x 114689);

my @after = buckets('body_bytes');
my $sum = 0;
$sum += $_ for @sizes;

is($after[1] - $before[1], $sum, 'the bytes of all bodies that were read');
is($after[2] - $before[2], @sizes, 'and their number');

for my $le (64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, '+Inf') {
    is($after[0]{$le} - $before[0]{$le},
       scalar(grep { $le eq '+Inf' || $_ <= $le } @sizes),
       "bodies of up to $le bytes");
}

changed();

my ($judged, $seconds, $count) = buckets('judge_seconds');
my @le = sort { $a <=> $b } grep { $_ ne '+Inf' } keys %$judged;

is(join(' ', map { $_ * 1e6 } @le),
   '1 2.5 5 10 25 50 100 250 500 1000 2500 5000 10000',
   'judge time from a microsecond to ten milliseconds');
is($judged->{'+Inf'}, $count, 'all are in the last bucket');
ok(!grep({ $judged->{$le[$_]} < $judged->{$le[$_ - 1]} } 1 .. $#le),
   'buckets are summed up');
cmp_ok($seconds, '>', 0, 'it takes some time');

my ($millisecond) = grep { $_ == 0.001 } @le;
cmp_ok($judged->{$millisecond}, '>', $count / 2, 'and not much');

my ($least, $most) = (0, 0);

for my $i (0 .. $#le) {
    my $n = $judged->{$le[$i]} - ($i ? $judged->{$le[$i - 1]} : 0);
    $least += $n * ($i ? $le[$i - 1] : 0);
    $most += $n * $le[$i];
}

cmp_ok($seconds, '>=', $least, 'the sum is not less than its buckets');
cmp_ok($seconds, '<=', $most, 'nor more') if $judged->{$le[-1]} == $count;

# the time of a body that comes slowly is not the judge's

my ($slow) = $g->exchange([Gateway::head('POST', $path,
    [['Content-Type', 'application/json'], ['Content-Length', length $good],
     ['Connection', 'close']]), '0.3', $good]);
is($slow->{status}, 200, 'a slow body');
cmp_ok((buckets('judge_seconds'))[1] - $seconds, '<', 0.1,
       'waiting for a body is not judging');
changed();

# all cases of the contract, in both modes

my %expected;

for my $case (cases()) {
    for my $prefix ('', '/m') {
        next if $prefix && $case->{target} !~ /^\/v/;

        $g->request($case->{method}, "$prefix$case->{target}",
            [@{ $case->{headers} }, ['X-Reply', 204]], $case->{sent});

        next if $case->{verdict} eq '-';

        my $verdict = $prefix && $case->{verdict} eq 'rejected'
                      ? 'monitored' : $case->{verdict};
        my $status = $verdict eq 'rejected' ? 'none' : '2xx';
        my @by = ([operation => $case->{operation}], [verdict => $verdict]);

        $expected{by($requests, @by)}++;
        $expected{by($upstream, @by, [status => $status])}++;
        $expected{snapshot_gateway_judge_seconds_count}++;
        $expected{"rule $case->{operation} $_"} = 1 for @{ $case->{rules} };
    }
}

my $changed = changed();

for my $name (grep { /^\Q$violations\E/ } keys %$changed) {
    my ($operation, $rule) = $name =~ /operation="(.*?)",rule="(.*?)"/;

    ok(delete $expected{"rule $operation $rule"},
       "$rule is broken by a case of $operation");
    delete $changed->{$name};
}

is_deeply($changed, \%expected, 'all cases are counted as they are judged');

# JSON has what Prometheus has, but for "+Inf", which is the count

my ($status) = $g->exchange(Gateway::head('GET', '/status.json',
                                          [['Connection', 'close']]));
$status = $json->decode($status->{body});

my %labels = (requests => ['verdict'], violations => ['rule', 'severity'],
              upstream => ['verdict', 'status'], limited => ['result']);
my %told;

sub flatten {
    my ($value, $name, $labels, @by) = @_;

    if (!@$labels) {
        $told{@by ? by($name, @by) : $name} = $value;
        return;
    }

    my ($label, @rest) = @$labels;
    flatten($value->{$_}, $name, \@rest, @by, [$label => $_])
        for keys %$value;
}

for my $operation (keys %{ $status->{operations} }) {
    my $object = $status->{operations}{$operation};

    flatten($object->{$_}, "snapshot_gateway_${_}_total", $labels{$_},
            [operation => $operation]) for keys %$object;
}

flatten($status->{$_}, "snapshot_gateway_${_}_total", [])
    for qw(body_on_disk unjudged);
flatten($status->{projects}{dropped},
        'snapshot_gateway_projects_dropped_total', []);
$told{by('snapshot_gateway_build_info', map { [$_ => $status->{build}{$_}] }
         qw(version nginx jansson pcre2))} = 1;

for my $histogram (qw(judge_seconds body_bytes)) {
    my $h = $status->{$histogram};
    my $name = "snapshot_gateway_$histogram";

    $told{"${name}_bucket{le=\"$_->{le}\"}"} = $_->{count}
        for @{ $h->{buckets} };
    $told{"${name}_bucket{le=\"+Inf\"}"} = $h->{count};
    $told{"${name}_$_"} = $h->{$_} for qw(sum count);
}

my $metrics = $g->metrics;

is_deeply({ map { ($_ => $told{$_} + 0) } keys %told },
          { map { ($_ => $metrics->{$_} + 0) } keys %$metrics },
          'both formats have the same counters with the same values');

$g->finish;

done_testing;

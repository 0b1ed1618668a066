# Prometheus reads the counters and has the numbers of the traffic.  The alerts
# of conf/prometheus fire when they should and only then, as their own tests
# say; these find each bound that is changed.  Alerts and dashboard ask only
# for what the gateway has.

use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp ();
use HTTP::Tiny;
use JSON::PP;
use List::Util qw(uniq);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Contract::Facts;
use Gateway;

for my $program ('prometheus', 'promtool') {
    qx($program --version 2>&1);
    die "$program is missing, \"make test\" installs it\n" if $?;
}

my $shipped = 'conf/prometheus';
my @files = ('prometheus.yml', 'alerts.yml', 'alerts_test.yml');

my $g = Gateway->new(http => <<'EOH', server => <<'EOT');
    snapshot_zone counters 64k;
    limit_req_zone $server_name zone=budget:64k rate=10000r/s;
EOH
        location = /metrics { snapshot_status; }

        location / {
            limit_req zone=budget burst=10000 nodelay;
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /m/ {
            snapshot_gateway monitor;
            snapshot_prefix /m;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOT

my $json = JSON::PP->new->utf8;
my $http = HTTP::Tiny->new(timeout => 5, no_proxy => '127.0.0.1');
my $dir = File::Temp->newdir(TMPDIR => 1);

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return scalar <$fh>;
}

sub spew {
    my ($name, $text) = @_;

    open my $fh, '>:raw', $name or die "$name: $!\n";
    print $fh $text;
    close $fh;
}

# a copy of conf/prometheus; what a file is to have instead is given by name

my $copies = 0;

sub copied {
    my (%text) = @_;

    my $to = "$dir/" . ++$copies;

    mkdir $to or die "$to: $!\n";
    copy("$shipped/$_", $to) or die "$_: $!\n" for @files;
    spew("$to/$_", $text{$_}) for keys %text;

    return $to;
}

# what promtool says, and its status

sub promtool {
    my ($command, $file, $from) = @_;

    $from = $from ? "<$from" : '';

    my $said = qx(promtool $command $file $from 2>&1);

    return ($? >> 8, $said);
}

sub check_metrics {
    my ($text) = @_;

    spew("$dir/metrics", $text);
    return promtool('check metrics', '', "$dir/metrics");
}

# Prometheus, in a process of its own

my ($prometheus, $url, $log);

sub start_prometheus {
    my ($conf) = @_;

    my $port = Gateway::free_port();

    $url = "http://127.0.0.1:$port";
    $log = "$conf/log";

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        { exec 'prometheus', "--config.file=$conf/prometheus.yml",
               "--storage.tsdb.path=$conf/data",
               "--web.listen-address=127.0.0.1:$port", '--log.level=error'; }
        POSIX::_exit(127);
    }

    $prometheus = $pid;
}

sub stop_prometheus {
    my $pid = $prometheus or return 1;
    my $until = time + 5;
    my $ended = 0;

    kill 'TERM', $pid;

    while (!$ended && time < $until) {
        $ended = waitpid($pid, POSIX::WNOHANG()) != 0 or sleep 0.02;
    }

    if (!$ended) {
        kill 'KILL', $pid;
        waitpid $pid, 0;
    }

    undef $prometheus;

    return $ended;
}

$SIG{INT} = $SIG{TERM} = sub { exit 1 };

END {
    local ($?, $@);
    stop_prometheus();
}

# Waits until something is so; Prometheus may not end while it is waited for.

sub wait_for {
    my ($what, $so) = @_;

    for (my $until = time + 20; time < $until; sleep 0.05) {
        my $got = $so->();
        return $got if $got;

        if (waitpid($prometheus, POSIX::WNOHANG()) != 0) {
            undef $prometheus;
            die "Prometheus has ended: " . slurp($log) . "\n";
        }
    }

    die "no $what in time: " . slurp($log) . "\n";
}

# an answer of its API, or a text that says why there is none

sub api {
    my ($path, %form) = @_;

    my $r = %form ? $http->post_form("$url/api/v1/$path", \%form)
                  : $http->get("$url/api/v1/$path");
    my $o = eval { $json->decode($r->{content}) } // {};

    return ($o->{status} // '') eq 'success'
           ? $o->{data} : $o->{error} // "$r->{status} $r->{content}";
}

# the values of an expression, by the labels' values

sub query {
    my ($expr, @labels) = @_;

    my $data = api('query', query => $expr);

    return { error => $data } unless ref $data;

    return { map { my $m = $_->{metric};
                   (join(' ', map { $m->{$_} // '' } @labels)
                    => $_->{value}[1]) }
             @{ $data->{result} } };
}

# the names of metrics in an expression

sub names {
    my ($expr) = @_;

    $expr =~ s/"[^"]*"//g;
    $expr =~ s/\{[^}]*\}|\[[^\]]*\]//g;
    $expr =~ s/\b(?:by|without|on|ignoring)\s*\([^)]*\)//g;

    my %names = map { $_ => 1 } grep { !/^(?:and|or|unless|offset|bool)$/ }
                $expr =~ /(?<![\w.])([a-zA-Z_:][\w:]*)\b(?!\s*\()/g;

    return sort keys %names;
}

# What there is to say against an expression: that Prometheus does not take it,
# that a metric is none of ours, or that a selector selects nothing.

my %known;

sub wrong {
    my ($expr) = @_;

    my $data = api('query', query => $expr);
    my @wrong = ref $data ? () : $data;

    push @wrong, map { "no metric $_" } grep { !$known{$_} } names($expr);

    my %selectors;

    for my $name (grep { $known{$_} } names($expr)) {
        $selectors{$1} = 1 while $expr =~ /\b($name\b(?:\{[^}]*\})?)/g;
    }

    for my $selector (sort keys %selectors) {
        my $found = api('query', query => "count($selector)");
        push @wrong, "nothing is $selector"
            unless ref $found && @{ $found->{result} };
    }

    return join '; ', @wrong;
}

# what promtool says of the metrics, and that it would say something

my ($status, $said) = check_metrics($http->get(
    "http://127.0.0.1:$g->{port}/metrics")->{content});

is("$status $said", '0 ', 'no fault in the metrics of a new gateway');

($status, $said) = check_metrics("# TYPE planted counter\nplanted 1\n");
isnt($status, 0, 'a planted fault is found');
like($said, qr/planted no help text/, 'and named');

($status, $said) = check_metrics("# HELP a_total a\n# TYPE a_total counter\n"
                                 . "a_total{b=\"c} 1\n");
isnt($status, 0, 'as is a label that does not end');

# Prometheus itself takes some seconds to come to its first scrape

my $conf = slurp("$shipped/prometheus.yml");

$conf =~ s/^( +- )127\.0\.0\.1:\d+$/${1}127.0.0.1:$g->{port}/m or die 'target';
$conf =~ s/^  (\w+_(?:interval|timeout)): \d+s$/  $1: 1s/mg == 3 or die 'times';

start_prometheus(copied('prometheus.yml' => $conf));

# configuration and rules

my $as_shipped = copied();

for my $check (
    ['check config --lint=all --lint-fatal', 'prometheus.yml'],
    ['check rules --lint=all --lint-fatal', 'alerts.yml'],
    ['test rules', 'alerts_test.yml'],
) {
    my ($command, $file) = @$check;

    ($status, $said) = promtool($command, "$as_shipped/$file");
    is($status, 0, "promtool $command $file") or diag $said;
}

# Each bound that is moved, and each condition that is lost, is found by the
# tests of the alerts; to be quick, an alert is tried with its own tests only.

my $alerts = slurp("$shipped/alerts.yml");
my $tests = slurp("$shipped/alerts_test.yml");
my @alerts = $alerts =~ /^ +- alert: (\w+)$/mg;
my ($alerts_head) = $alerts =~ /^(.*?\n    rules:\n)/s;
my ($tests_head) = $tests =~ /^(.*?\ntests:\n)/s;
my %rule;

sub try_rule {
    my ($name, $rule) = @_;

    my ($own) = $tests =~ /^  # $name\n(.*?)(?=^  # SnapshotGateway|\z)/ms;

    my $to = copied('alerts.yml' => $alerts_head . $rule,
                    'alerts_test.yml' => $tests_head . ($own // ''));

    return promtool('test rules', "$to/alerts_test.yml");
}

for my $name (@alerts) {
    ($rule{$name}) = $alerts =~ /^( +- alert: $name\n.*?)(?=^ +- alert: |\z)/ms;

    my ($status, $said) = try_rule($name, $rule{$name});
    is($status, 0, "tests of $name alone") or diag $said;
}

my @moved = (
    [Refusals => '\[10m\]' => '[30m]'],
    [Refusals => '(?s)>= 50(?=.*>= 50)' => '>= 45'],
    [Refusals => '(?s)>= 50(?=.*>= 50)' => '>= 55'],
    [Refusals => '(?s)>= 50(?!.*>= 50)' => '>= 45'],
    [Refusals => 'by \(job, ' => 'by (instance, job, '],
    [Refusals => 'offset 1h' => 'offset 5m'],
    [Refusals => '> 0\.2' => '> 0.18'],
    [Refusals => '> 0\.2' => '> 0.22'],
    [Refusals => '0\.3 \+' => '0.28 +'],
    [Refusals => '0\.3 \+' => '0.32 +'],
    [Refusals => '"rejected"' => '"rejected|monitored"', '=(?=")' => '=~'],
    [Refusals => 'for: 10m' => 'for: 5m'],
    [Refusals => 'for: 10m' => 'for: 15m'],
    [Drift => '> 0\.05' => '> 0.045'],
    [Drift => '> 0\.05' => '> 0.055'],
    [Drift => '>= 10' => '>= 8'],
    [Drift => '>= 10' => '>= 12'],
    [Drift => 'create\|detail\|list' => 'create|detail|list|update'],
    [Drift => '\.\+_v\[0-9\]_\(create\|detail\|list\)' => '.+'],
    [Drift => '_v\[0-9\]' => ''],
    [Drift => 'accepted\|warned' => 'accepted'],
    [Drift => 'accepted\|warned' => 'accepted|warned|monitored'],
    [Drift => ', status!="none"' => ''],
    [Drift => 'by \(job, ' => 'by (instance, job, '],
    [Drift => 'for: 30m' => 'for: 5m'],
    [FalsePositives => '> 0' => '> 1'],
    [FalsePositives => '> 0' => '>= 0'],
    [FalsePositives => 'verdict="monitored", ' => ''],
    [FalsePositives => 'status="2xx"' => ''],
    [Slow => '> 0\.001' => '> 0.0009'],
    [Slow => '> 0\.001' => '> 0.0012'],
    [Slow => '0\.99' => '0.95'],
    [Slow => '>= 100' => '>= 90'],
    [Slow => '>= 100' => '>= 110'],
    [Slow => 'for: 10m' => 'for: 5m'],
    [BodiesOnDisk => '> 10' => '> 8'],
    [BodiesOnDisk => '> 10' => '> 13'],
    [BodiesOnDisk => 'for: 1h' => 'for: 30m'],
    [Unjudged => '> 0' => '> 1'],
    [Unjudged => '> 0' => '>= 0'],
    [Down => 'unless on \(job, instance\)\s+\w+' => '== 0'],
    [Down => 'or\s+absent\(.*?\)' => ''],
    [Down => 'job=~"snapshot_gateway\.\*"' => ''],
    [Down => 'for: 2m' => 'for: 1m'],
    [Down => 'for: 2m' => 'for: 3m'],
);

my %tried;

for my $moved (@moved) {
    my ($name, @replace) = @$moved;

    $name = "SnapshotGateway$name";
    $tried{$name} = 1;

    my $rule = $rule{$name};

    while (my ($from, $to) = splice @replace, 0, 2) {
        $rule =~ s/$from/$to/g or die "$name has no $from\n";
    }

    ($status, $said) = try_rule($name, $rule);

    ok($status && $said =~ /alertname: *$name\b/,
       "$name: $moved->[2] instead of $moved->[1] is found")
        or diag $said;
}

is(join(' ', sort keys %tried), join(' ', sort @alerts), 'for all alerts');

# traffic while Prometheus looks on

my $target = wait_for('target', sub {
    my $data = api('targets');
    my ($t) = ref $data ? @{ $data->{activeTargets} } : ();
    $t && $t->{health} ne 'unknown' && $t;
});

is("$target->{health} $target->{lastError}", 'up ', 'the gateway is up');
is($target->{scrapePool}, 'snapshot_gateway', 'as the job of the alerts');

my $good = create_body();
my $bad = create_body(name => 'n' x 256);
my $reserved = create_body(name => 'autobk_snapshot_1');
my $monitored = '/m/v3/' . PROJECT . '/snapshots';

sub post {
    my ($n, $body, $reply, @more) = @_;

    $g->post($body, headers => [['X-Reply', $reply]], @more) for 1 .. $n;
}

post(7, $good, 202);
post(3, $bad, 200, target => $monitored);
post(5, $bad, 202);
post(2, $reserved, 202);
post(4, $good, 400);

wait_for('scrape of all requests', sub {
    my $q = query('sum(snapshot_gateway_requests_total)');
    ($q->{''} // 0) == 21;
});

my $create = 'evs_v3_create';

is_deeply(query('sum by (verdict) (snapshot_gateway_requests_total)',
                'verdict'),
          { accepted => 11, warned => 2, monitored => 3, rejected => 5 },
          'requests by verdict');

is_deeply(query('snapshot_gateway_requests_total > 0', 'operation', 'verdict'),
          { "$create accepted" => 11, "$create warned" => 2,
            "$create monitored" => 3, "$create rejected" => 5 },
          'and operation');

is_deeply(query('snapshot_gateway_violations_total > 0',
                'operation', 'rule', 'severity'),
          { "$create name-length reject" => 8,
            "$create name-reserved warn" => 2 },
          'violations by rule');

is_deeply(query('snapshot_gateway_upstream_total > 0',
                'operation', 'verdict', 'status'),
          { "$create accepted 2xx" => 7, "$create accepted 4xx" => 4,
            "$create warned 2xx" => 2, "$create monitored 2xx" => 3,
            "$create rejected none" => 5 },
          'verdicts and what the upstream said');

is_deeply(query('snapshot_gateway_judge_seconds_count'), { '' => 21 },
          'judged requests');
is_deeply(query('snapshot_gateway_judge_seconds_bucket', 'le')->{'+Inf'}, 21,
          'are all in a bucket');
is_deeply(query('snapshot_gateway_body_bytes_count'), { '' => 21 }, 'bodies');
is_deeply(query('snapshot_gateway_body_bytes_sum'),
          { '' => 11 * length($good) + 8 * length($bad)
                  + 2 * length $reserved }, 'and their bytes');

for my $none ('unjudged', 'body_on_disk', 'projects_dropped') {
    is_deeply(query("snapshot_gateway_${none}_total"), { '' => 0 },
              "$none is 0");
}

# all series, as the gateway shows them now that it is idle

my $metrics = $http->get("http://127.0.0.1:$g->{port}/metrics")->{content};

($status, $said) = check_metrics($metrics);
is("$status $said", '0 ', 'no fault in the metrics after traffic');

my %shown = $metrics =~ /^([a-z]\S*) (\S+)$/mg;

# Prometheus 3 writes 16384 as 16384.0

sub labels {
    my (%labels) = @_;

    $labels{le} += 0 if ($labels{le} // '') =~ /^\d/;
    return map { "$_=$labels{$_}" } sort keys %labels;
}

my %scraped;

for my $series (@{ api('query', query => '{__name__=~"snapshot_.+"}')
                   ->{result} }) {
    my %m = %{ $series->{metric} };
    my $name = delete $m{__name__};

    delete @m{'job', 'instance'};
    $scraped{join ' ', $name, labels(%m)} = $series->{value}[1] + 0;
}

is_deeply(\%scraped,
          { map { my ($name, $labels) = /^(\w+)(?:\{(.*)\})?$/;
                  my %l = ($labels // '') =~ /(\w+)="(.*?)"/g;
                  (join(' ', $name, labels(%l)) => $shown{$_} + 0)
              } keys %shown },
          'Prometheus has all series and no other');

my ($info) = grep { /build_info/ } keys %shown;
my @versions = qw(version nginx jansson pcre2);

is_deeply(query('snapshot_gateway_build_info', @versions),
          { join(' ', map { $info =~ /\b$_="([^"]+)"/ } @versions) => 1 },
          'what the gateway was built from');

# alerts, as Prometheus has read them

my $groups = wait_for('evaluation of the rules', sub {
    my $data = api('rules');
    my @r = ref $data ? map { @{ $_->{rules} } } @{ $data->{groups} } : ();
    @r && !grep({ $_->{health} eq 'unknown' } @r) && \@r;
});

is(join(' ', sort map { $_->{name} } @$groups), join(' ', sort @alerts),
   'all alerts are there');
is(join(' ', grep { $_ } map { $_->{lastError} } @$groups), '',
   'and can be evaluated');
is(join(' ', map { "$_->{name}: $_->{health}" }
             grep { $_->{health} ne 'ok' } @$groups), '', 'all are well');

for my $rule (@$groups) {
    my $severity = $rule->{labels}{severity} // '';

    like($severity, qr/^(?:info|warning|critical)$/,
         "$rule->{name} has a severity");
    ok($rule->{annotations}{$_}, "and a $_") for 'summary', 'description';
}

# after so little only one of them fires; the others wait for more

wait_for('alert', sub {
    my $data = api('alerts');
    ref $data && grep { $_->{state} eq 'firing' } @{ $data->{alerts} };
});

is(join(' ', map { "$_->{labels}{alertname} $_->{labels}{operation}" }
             @{ api('alerts')->{alerts} }),
   "SnapshotGatewayFalsePositives $create",
   'what is monitored and has passed is told');

# expressions

%known = (up => 1, map { /^(\w+)/ ? ($1 => 1) : () } keys %shown);

for my $planted (
    ['sum(rate(snapshot_gateway_request_total[1m]))',
     'no metric snapshot_gateway_request_total'],
    ['1 > 0.2 + (planted or snapshot_gateway_unjudged_total)',
     'no metric planted'],
    ['snapshot_gateway_requests_total{verdict="refused"}',
     'nothing is snapshot_gateway_requests_total{verdict="refused"}'],
    ['sum by (le (snapshot_gateway_build_info)', qr/parse error/],
) {
    my ($expr, $expected) = @$planted;

    like(wrong($expr), ref $expected ? $expected : qr/^\Q$expected\E$/,
         "$expr is found to be wrong");
}

is(wrong($_->{query}), '', "expression of $_->{name}") for @$groups;

# the dashboard, which means the same operations by drift

is_deeply([uniq(slurp("$shipped/dashboard.json")
                  =~ /operation=~\\"(\.[^"\\]+)/g)],
          [uniq($rule{SnapshotGatewayDrift} =~ /operation=~"([^"]+)"/g)],
          'drift is the same to the dashboard and to the alert');

my $dashboard = $json->decode(slurp("$shipped/dashboard.json"));
my %variable = map { ($_->{name} => $_) } @{ $dashboard->{templating}{list} };
my @panels = @{ $dashboard->{panels} };
my (%ids, %taken);

cmp_ok($dashboard->{schemaVersion}, '>=', 37, 'a dashboard of today');
is(join(' ', sort keys %variable), 'datasource operation', 'its variables');
is("$variable{datasource}{type} $variable{datasource}{query}",
   'datasource prometheus', 'a data source is chosen');

my ($metric, $label) = $variable{operation}{query}{query}
                       =~ /^label_values\((\w+), (\w+)\)$/;
ok($known{$metric // ''}, 'operations come from a metric');
is(keys %{ query("count by ($label) ($metric)", $label) },
   @{ $FACTS->{operations} } + 1,
   'which has all of them');
is($variable{operation}{allValue}, '.*', 'or all are taken');

is(join(' ', map { $_->{title} } grep { $ids{$_->{id}}++ } @panels), '',
   'each panel has an id of its own');

for my $panel (@panels) {
    my $title = $panel->{title};
    my %at = %{ $panel->{gridPos} };
    my $over = $at{x} + $at{w} > 24;

    for my $y ($at{y} .. $at{y} + $at{h} - 1) {
        $over ||= $taken{"$_ $y"}++ for $at{x} .. $at{x} + $at{w} - 1;
    }

    ok(!$over, "$title has a place of its own");
    ok($panel->{description}, 'and a description');

    for my $source ($panel, @{ $panel->{targets} }) {
        is_deeply($source->{datasource},
                  { type => 'prometheus', uid => '${datasource}' },
                  'it asks the data source that is chosen');
    }

    for my $t (@{ $panel->{targets} }) {
        my $expr = $t->{expr};

        $expr =~ s/\$operation/.*/g;
        $expr =~ s/\$__(?:rate_interval|interval|range)\b/1m/g;

        unlike($expr, qr/\$/, 'no variable is left');
        is(wrong($expr), '', $expr);

        # there was traffic, so that each panel has something to show

        my $data = api('query', query => $expr);
        my ($first) = ref $data ? @{ $data->{result} } : ();
        ok($first, 'it has data');

        my @absent = grep { !exists $first->{metric}{$_} }
                     ($t->{legendFormat} // '') =~ /\{\{(\w+)\}\}/g;
        is("@absent", '', 'and all labels of its legend');
    }
}

my ($table) = grep { $_->{title} =~ /^Agreement/ } @panels;
my ($matrix) = grep { $_->{id} eq 'groupingToMatrix' }
               @{ $table->{transformations} };

is_deeply([@{ $matrix->{options} }{'rowField', 'columnField'}],
          ['verdict', 'status'], 'verdicts beside statuses');

# where it ends before its time, the reason is told

is(slurp($log), '', 'Prometheus had nothing to complain about');
ok(stop_prometheus(), 'it ends when it is told to');

start_prometheus(copied('alerts.yml' => 'groups: 1'));
eval { wait_for('wonder', sub { 0 }) };
like($@, qr/^Prometheus has ended: .*alerts\.yml/s,
     'so it is with rules that are none');

$g->finish;

done_testing;

# A file of directives, which nginx can include as well, makes snapshot-check
# judge as a gateway with them does; what nginx would refuse is refused here,
# with file and line.

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

my $rules = <<'ENDOFRULES';
# comments, "quotes", and more than one directive in a line
snapshot_rule name-length warn max=3; snapshot_rule "name-reserved" reject;
snapshot_rule 'boolean-string'
    pass;  # behind
snapshot_rule body-size reject max=1k;
snapshot_rule limit-range warn max=100;
snapshot_rule operation-known reject;
snapshot_rule project-match reject;
snapshot_rule param-unknown reject;
snapshot_prefix /volume;
snapshot_tenant $http_x_tenant;
snapshot_allow field size type=number max=4;
snapshot_allow field tags type=array;
snapshot_allow field extra type=object operation=evs_v3_update;
snapshot_allow param depth type=number max=3 operation=evs_v3_list;
snapshot_gateway enforce;
snapshot_error_details on;
snapshot_log_level info;
ENDOFRULES

Check::write_file("$dir/rules.conf", $rules);

my $g = Gateway->new(server => <<"ENDOFCONF");
        include $dir/rules.conf;

        location / {
            add_header X-Judged "\$snapshot_operation \$snapshot_verdict" always;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
ENDOFCONF

my $type = ['Content-Type', 'application/json'];
my $create = '/volume/v3/' . PROJECT . '/snapshots';

sub posted {
    my ($member, $target, @headers) = @_;

    return { method => 'POST', target => $target // $create,
             headers => [$type, @headers],
             sent => '{"snapshot": {"volume_id": "' . VOLUME
                     . ($member ? "\", $member}}" : '"}}') };
}

sub got {
    my ($target, $method) = @_;

    return { method => $method // 'GET', target => $target, headers => [],
             sent => undef };
}

my @cases = (
    (map { posted($_) } '', '"name": "abcd"', '"name": "autobk_snapshot_1"',
        '"force": "True"', '"force": "maybe"', '"size": 5', '"size": 12345',
        '"size": "5"', '"tags": []', '"tags": {}', '"extra": {}',
        '"metadata": {"a": "' . 'x' x 1000 . '"}'),
    posted('', $create =~ s/.volume//r), posted('', $create =~ s/volume/v/r),
    posted('', $create, ['X-Tenant', PROJECT]),
    posted('', $create, ['X-Tenant', 'other']),
    posted('', $create, ['x-tenant', "a\"b"]),
    (map { got("$create$_") } '?limit=101', '?limit=50', '?depth=1',
        '?depth=1234', '?depth=x', '/detail?depth=1', '?other=1', '/x/y/z'),
    got($create, 'PATCH'),
    { method => 'PUT', target => "$create/" . SNAPSHOT, headers => [$type],
      sent => '{"snapshot": {"extra": {}, "name": "a"}}' },
);

Check::write_file("$dir/cases", jsonl(@cases));

my @told = verdicts(['--rules', "$dir/rules.conf", "$dir/cases"]);
my %verdicts;

for my $i (0 .. $#cases) {
    my $r = $g->request(@{ $cases[$i] }{qw(method target headers sent)});
    my ($operation, $verdict)
        = ($r->{headers}{'x-judged'}[0] // '') =~ /^(\S+) (\S+)/ ? ($1, $2)
                                                                 : ('-', '-');
    my $said = "$operation $verdict "
               . $json->encode($r->{error} ? $r->{error}{violations} : []);
    my $told = "$told[$i]{operation} $told[$i]{verdict} "
               . $json->encode($told[$i]{verdict} eq 'rejected'
                               ? $told[$i]{violations} : []);

    $verdicts{$verdict}++;
    is($told, $said, "$cases[$i]{method} $cases[$i]{target} "
                     . substr $cases[$i]{sent} // '', 0, 90);
}

cmp_ok($verdicts{$_} // 0, '>', 1, "some are $_")
    for qw(accepted warned rejected);

$g->finish;

# what a file cannot have, its line, and what is said of it

my @wrong = (
    ["\n\nsnapshot_rule name-lenght warn;", '3: "snapshot_rule": unknown rule, '
     . 'the nearest is "name-length"'],
    ['snapshot_rule name-length off;',
     '1: "snapshot_rule": the severity must be'],
    ['snapshot_rule marker warn max=3;', '1: "snapshot_rule": the rule has no'],
    (map { ["snapshot_rule name-length warn max=$_;",
            '1: "snapshot_rule": "max=" must be'] }
     qw(0 -1 x 1t 1kk 99999999999999999999), ''),
    ['snapshot_rule limit-range warn max=1k;',
     '1: "snapshot_rule": "max=" must be'],
    ['snapshot_rule name-length warn min=3;',
     '1: "snapshot_rule": the third argument must be max=N'],
    ['snapshot_rule name-length;', '1: "snapshot_rule": must be NAME'],
    ["snapshot_rule marker warn;\nsnapshot_rule marker warn;",
     '2: "snapshot_rule": the rule is given twice'],
    ['snapshot_prefix /x/v3;', '1: "snapshot_prefix": the prefix must be'],
    ['snapshot_prefix /a%20b;', '1: "snapshot_prefix": the prefix must be'],
    ['snapshot_prefix;', '1: "snapshot_prefix": must have one argument'],
    ['snapshot_tenant x;', '1: "snapshot_tenant": must be a variable'],
    ['snapshot_allow field name;',
     '1: "snapshot_allow": the name is documented already'],
    ['snapshot_allow field display_name;',
     '1: "snapshot_allow": the name is documented already'],
    ['snapshot_allow field x type=list;', '1: "snapshot_allow": the type must'],
    ['snapshot_allow field x max=0;', '1: "snapshot_allow": "max=" must be'],
    ['snapshot_allow field x min=0;', '1: "snapshot_allow": an argument must'],
    ['snapshot_allow field x type=array max=1;',
     '1: "snapshot_allow": "max=" is only for'],
    ['snapshot_allow param x type=array;',
     '1: "snapshot_allow": a parameter cannot be'],
    ['snapshot_allow field x operation=evs_v3_list;',
     '1: "snapshot_allow": the operation has no fields'],
    ['snapshot_allow x y;', '1: "snapshot_allow": must be field|param'],
    ['snapshot_allow field x; snapshot_allow field x;',
     '1: "snapshot_allow": the name is given twice'],
    ['proxy_pass http://x;', '1: "proxy_pass": is no directive'],
    ["server {\n}", '1: "server": a block is not read here'],
    ['}', '1: a block is not read here'],
    [';', '1: unexpected ";"'],
    ['snapshot_rule marker warn', '1: "snapshot_rule": has no ";" at its end'],
    ['snapshot_rule "marker warn;', '1: "snapshot_rule": has no quote'],
    ['x ' x 20 . ';', '1: "x": has too many words'],
    ['x' x 5000 . ';', '1: '],
);

for my $case (@wrong) {
    my ($text, $said) = @$case;

    Check::write_file("$dir/wrong.conf", $text);

    my ($rc, $out, $err) = check(['--rules', "$dir/wrong.conf", "$dir/cases"]);

    is("$rc $out", '2 ', substr($text, 0, 60) . ': nothing is judged');
    like($err, qr/^snapshot-check: \Q$dir\E\/wrong\.conf:\Q$said\E/,
         'and it is said why');
}

my ($rc, $out, $err) = check(['--rules', "$dir/none", "$dir/cases"]);
like("$rc $err", qr/^2 snapshot-check: \Q$dir\E\/none: No such file/,
     'no such file');

# the description is that of the rules

($rc, $out) = check(['--rules', "$dir/rules.conf", '--openapi']);
my $api = $json->decode($out);

ok($api->{paths}{'/volume/v3/{project_id}/snapshots'}, 'the prefix is in it');
like($out, qr/"size"/, 'so is what is allowed');
like((check(['--openapi=3.0']))[1], qr/"openapi": ?"3\.0/, 'it may be 3.0');

done_testing;

# What is built exports only what it must, what is configured loads, and what
# is documented is what the code has.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Gateway;

my $module = Gateway::module();

my @symbols = map { (split)[2] } qx(nm -D --defined-only $module);
my $ours = qr/^ngx_(?:http_snapshot_module$|modules$|module_names$
                     |module_order$|snapshot_)/x;

# the sanitizers add theirs
is_deeply([grep { !/$ours|^__odr_asan/ } @symbols], [],
          'only the symbols of a module are exported');
ok((grep { $_ eq 'ngx_http_snapshot_module' } @symbols), 'the module is');

# the README

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

my $readme = slurp('README.md');
my $build = $ENV{TEST_BUILD} // 'build';
my $dump = qx($build/unit/contract dump);

is(() = $dump =~ /\n/g, 31, 'the contract has 31 rules');
like($readme, qr/\|---\|---\|---\|---\|---\|\n\Q$dump\E\n/,
     "the README's table is that of the code");

for my $rule ($dump =~ /^\| `([a-z-]+)`/mg) {
    like($readme, qr/^\| (?:`[a-z-]+`, )*`$rule`.*\| [^|]{4,} \|$/m,
         "the README says what $rule asks for");
}

for my $name (slurp('ngx_http_snapshot_module.c')
              =~ /ngx_string\("(snapshot_\w+)"\),\n\s+NGX_HTTP_\w+_CONF/g) {
    like($readme, qr/^### $name\n\n\*\*syntax:\*\* `$name\b.*`\n\*\*default:\*\* .*\n\*\*context:\*\* .*\n\n\S/m,
         "the README has the directive $name");
}

for my $name (slurp('src/ngx_http_snapshot_variables.c')
              =~ /ngx_string\("(snapshot_\w+)"\)/g) {
    like($readme, qr/^\| .*`\$$name`.* \|/m, "the README has \$$name");
}

# what the documents name is there

my $titles = join "\n", slurp('t/data/cases.jsonl') =~ /"title": "([^"]*)"/g;
my $makefile = slurp('Makefile');

for my $document ('README.md', glob 'docs/*.md') {
    my $text = slurp($document);
    my %named = map { $_ => 1 }
                $text =~ /\b((?:t|conf|tools|bench|docs)\/[\w\/-]+\.\w+)/g;

    ok(-e, "$document: $_ exists") for sort keys %named;

    my %target = map { $_ => 1 } $text =~ /(?:`| {4})make ([a-z][\w-]*)/g;

    like($makefile, qr/^(?:[\w-]+ )*$_(?: [\w-]+)*:/m,
         "$document: there is a target $_") for sort keys %target;

    my %unit = map { $_ => 1 } $text =~ /\bbuild\/unit\/(\w+)/g;

    ok(-e "t/unit/$_.c", "$document: there is a unit test $_")
        for sort keys %unit;

    my %title = map { $_ => 1 }
                map { /"([^"]+)"/g } $text =~ /t\/cases\.t: ([^|;]*(?:;[^|;"]*"[^|]*)?)/g;

    ok(index($titles, $_) >= 0, "$document: there is a case $_")
        for sort keys %title;
}

# configurations work when pasted

my $n = 0;
my $g = Gateway->new;
mkdir "$g->{dir}/logs";

my $paths = join '', map { "${_}_temp_path $_;" }
                     qw(client_body proxy fastcgi uwsgi scgi);
my @pasted = grep { /^\s*http \{/m } $readme =~ /```nginx\n(.*?)```/sg;

is(scalar @pasted, 4, 'the README has four whole configurations');

for my $text (@pasted) {
    my $title = ++$n;

    # but for the paths of the package, which are root's

    $text =~ s/load_module \S+;/load_module %%MODULE%%;/;
    $text =~ s/:8080/:%%PORT_pasted%%/;
    $text =~ s/http \{/http { access_log off; $paths/;
    $text =~ s/^/error_log error.log; pid pasted.pid;\n/;

    my ($ok, $said) = $g->test_conf(all => $text);

    ok($ok, "configuration $title of the README is one") or diag $said;
    unlike($said, qr/\[warn\]/, 'that needs no warning');
}

$g->finish;

for my $name (map { s/.*\///r } glob 'conf/*.conf') {
    ok((grep { slurp($_) =~ /\b\Q$name\E\b/ } grep { $_ ne "conf/$name" }
            glob 't/*.t t/e2e/*.t conf/*.conf'),
       "$name is used by a test");
}

# the configuration of "make run" answers as the pages do

my $s = Gateway->new(all => Gateway::shipped('nginx.conf',
                                             8081 => '%%PORT_sample%%'));

my %samples = ('000' => 202, '001' => 202, '002' => 200, '003' => 200);
my $json = JSON::PP->new->utf8;
my @cases = map { $json->decode($_) } split /\n/, slurp('t/data/cases.jsonl');

for my $page (sort keys %samples) {
    my ($case) = grep { $_->{title} eq "sample of page $page" } @cases;

    my $r = $s->request($case->{method}, $case->{target}, $case->{headers},
                        $case->{body});
    is($r->{status}, $samples{$page}, "page $page: the documented status");
    ok(ref eval { $json->decode($r->{body})->{snapshot} },
       "page $page: a snapshot in JSON");
    is($r->{headers}{'x-snapshot-verdict'}[0], 'accepted', "page $page: passes");
}

for my $version ('v2', 'v3') {
    for my $path ('snapshots', 'snapshots/detail') {
        my $r = $s->get("/$version/p/$path?limit=50");
        is($r->{status}, 200, "/$version/p/$path");
        ok(ref eval { $json->decode($r->{body})->{snapshots} },
           'has snapshots in JSON');
    }
}

is($s->request('PUT', '/v2/p/snapshots/' . SNAPSHOT, [['Content-Type',
   'application/json']], '{"snapshot": {"name": "a"}}')->{status}, 200,
   'update of v2');
is($s->get('/v3/p/snapshots/x')->{status}, 404, 'no such snapshot');
is($s->get('/')->{status}, 404, 'nothing else');

$s->finish;

done_testing;

# The manual page, made of the documents, has what the code has, and man has
# nothing to say against it.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Gateway;

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

my $build = $ENV{TEST_BUILD} // 'build';

-x "$build/unit/contract"
    or die "$build/unit/contract is missing: make unit\n";

my $dir = File::Temp->newdir(TMPDIR => 1);
my $file = "$dir/ngx_http_snapshot_module.5";

is(system("tools/man > $file 2>$dir/said"), 0, 'the manual page is made');
is(slurp("$dir/said"), '', 'and nothing is said');

# what is made of it must not depend on who reads it

$ENV{MANWIDTH} = 80;
$ENV{LC_ALL} = 'C.UTF-8';
delete @ENV{qw(MANOPT MANPAGER MANLESS MANROFFOPT GROFF_NO_SGR)};

my $page = qx(man --warnings --no-hyphenation -E UTF-8 -l $file 2>$dir/said);

is($?, 0, 'man shows it');
is(slurp("$dir/said"), '', 'and warns of nothing');
is(qx(lexgrog $file 2>&1), "$file: \"ngx_http_snapshot_module - validating"
   . " gateway in front of a snapshot API\"\n", 'apropos knows what it is');

my @sections = $page =~ /^([A-Z][A-Z ]+)$/mg;
is("@sections", 'NAME SYNOPSIS DESCRIPTION SECURITY DIRECTIVES RULES VARIABLES'
   . ' COUNTERS LIMITATIONS SEE ALSO', 'its sections');

# paragraphs are not as far in with each version of groff

my ($in) = $page =~ /^NAME\n( +)/m;

unlike($page, qr/`|\*\*|\]\(|\\f/, 'it has no marks of another format');

for my $name (slurp('ngx_http_snapshot_module.c')
              =~ /ngx_string\("(snapshot_\w+)"\),\n\s+NGX_HTTP_\w+_CONF/g) {
    like($page, qr/^\ {3}$name\n
                   \Q$in\Esyntax:\ $name\b.*;\n
                   \Q$in\Edefault:\ .+\n
                   \Q$in\Econtext:\ .+\n\n
                   \Q$in\E\S/mx,
         "directive $name");
}

# a rule's defaults are those of the code, and it is said what it asks for

my ($rules, $asked)
    = $page =~ /^RULES\n(.*?)What the rules ask for:\n(.*?)^VARIABLES\n/ms;

my @rows = split /\n/, qx($build/unit/contract dump) // '';

cmp_ok(scalar @rows, '>', 0, 'the code tells its rules');

for my $row (@rows) {
    my ($term, $severity, $fault, $evs, $dws)
        = $row =~ /^\| (.*) \| (.*) \| (.*) \| (.*) \| (.*) \|$/
        or die "no rule: $row\n";

    $term =~ s/`//g;
    my ($rule) = $term =~ /^(\S+)/;
    my ($said) = $rules =~ /^$in\Q$term\E\s+(.*?)\n\n/ms;

    is(($said // '') =~ s/\s+/ /gr, "default: $severity; status, fault: $fault;"
       . " EVS code: $evs; DWS code: $dws", "rule $rule, with its defaults");
    like($asked, qr/^$in(?:[a-z-]+, )*$rule\b(?:, [a-z-]+)*\s+\S/m,
         "rule $rule, and what it asks for");
}

for my $name (slurp('src/http/ngx_http_snapshot_variables.c')
              =~ /ngx_string\("(snapshot_\w+)"\)/g) {
    like($page, qr/^$in(?:\$\w+, )*\$$name\b/m, "variable \$$name");
}

# the package's page has the version of the module

my ($version) = slurp('src/core/ngx_snapshot_core.h')
                =~ /NGX_SNAPSHOT_VERSION\s+"(.*)"/;
like($page, qr/^ngx_http_snapshot_module \Q$version\E /m, 'it has the version');
like(slurp('debian/changelog'), qr/^\S+ \(\Q$version\E-\d+\) /,
     "so has the Debian package's changelog");
like(slurp('CHANGES'),
     qr/^\s*Changes with ngx_http_snapshot_module \Q$version\E(?: |$)/m,
     'and CHANGES');

done_testing;

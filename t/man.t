# The manual page, made of the documents, has what the code has, and man has
# nothing to say against it.

use strict;
use warnings;

use File::Temp ();
use JSON::PP ();
use Test::More;

use Gateway::Names;

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

my $program = ($ENV{TEST_BUILD} // 'build') . '/snapshot-check';

-x $program or die "$program is missing: make\n";

my $told = JSON::PP->new->utf8->decode(scalar qx($program --contract));

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

my %known = Gateway::Names::directives();

for my $name (sort keys %known) {
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

for my $row (@{ $told->{rules} }) {
    my $rule = $row->{name};
    my $term = defined $row->{max} ? "$rule max=$row->{max}" : $rule;
    my ($said) = $rules =~ /^$in\Q$term\E\s+(.*?)\n\n/ms;

    is(($said // '') =~ s/\s+/ /gr, "default: $row->{severity}; status, fault:"
       . " $row->{status} $row->{fault}"
       . join('', map { "; $_ code: " . ($row->{codes}{$_} // '-') } qw(EVS DWS)),
       "rule $rule, with its defaults");
    like($asked, qr/^$in(?:[a-z-]+, )*$rule\b(?:, [a-z-]+)*\s+\S/m,
         "rule $rule, and what it asks for");
}

for my $name (Gateway::Names::variables()) {
    like($page, qr/^$in(?:\$\w+, )*\$$name/m, "variable \$$name");
}

# the package's page has the version of the module

my $version = $told->{version};

like($page, qr/^ngx_http_snapshot_module \Q$version\E /m, 'it has the version');
like(slurp('debian/changelog'), qr/^\S+ \(\Q$version\E-\d+\) /,
     "so has the Debian package's changelog");
like(slurp('CHANGES'),
     qr/^\s*Changes with ngx_http_snapshot_module \Q$version\E(?: |$)/m,
     'and CHANGES');

# that of the program has each of its options

is(system("tools/man snapshot-check > $dir/snapshot-check.1 2>$dir/said"), 0,
   'the page of snapshot-check is made');

$page = qx(man --warnings --no-hyphenation -E UTF-8 -l $dir/snapshot-check.1 2>$dir/said);

is(slurp("$dir/said"), '', 'man has nothing to say against it');
@sections = $page =~ /^([A-Z][A-Z ]+)$/mg;
is("@sections", 'NAME SYNOPSIS DESCRIPTION INPUT OPTIONS REPORT EXIT STATUS'
   . ' LIMITS SEE ALSO', 'its sections');
like(qx(lexgrog $dir/snapshot-check.1 2>&1), qr/: "snapshot-check - \w/,
     'apropos knows what it is');
is((grep { length > 80 } split /\n/, $page), 0, 'each line has its room');

my $help = qx($program --help);

like($page, qr/^ +(?:--\w+, )?\Q$_\E\b/m, "it has $_") for $help =~ /(--[a-z-]+)/g;

done_testing;

# Where npm reaches nothing, "make test" goes on, and the tests that need its
# packages are skipped with a line that says so.

use strict;
use warnings;

use Cwd qw(getcwd);
use File::Temp ();
use Test::More;

use Gateway;

# the tree, with a build folder that has no packages

my $here = getcwd;
my $tree = File::Temp->newdir(TMPDIR => 1);

mkdir "$tree/build" or die "build: $!\n";
symlink "$here/$_", "$tree/$_" or die "$_: $!\n"
    for grep { $_ ne 'build' } glob '*';

# a port where nobody listens

local %ENV = (%ENV, TEST_MODULE => Gateway::module(),
              npm_config_registry => 'http://127.0.0.1:1/',
              npm_config_cache => "$tree/cache");
delete @ENV{grep { /proxy$|^MAKE|^MFLAGS/i } keys %ENV};

my $said = qx(cd $tree && timeout 120 make build/node/.installed 2>&1);

is($?, 0, 'make goes on');
like($said, qr/^installing npm packages .*\nto fetch: \d.*\non disk: \d/m,
     'it is said what is installed, and what it costs');
like($said, qr/^npm could not install .*, see build\/npm.log: .* skipped$/m,
     'it is said what is missing');
like($said, qr/^npm err\w*!? code ECONNREFUSED$/im, 'and why');
ok(!-e "$tree/build/node/.installed", 'it is tried again the next time');

my $why = 'npm could not install what is needed, see build/npm.log';

sub prove {
    my ($file) = @_;

    return scalar qx(cd $tree && $^X -It/lib t/$file 2>&1);
}

like(prove('page.t'), qr/^1\.\.0 # SKIP $why$/m, 'the page is skipped');
like(prove('client.t'), qr{^1\.\.0 # SKIP $why$}m, 'so is the client');

$said = prove('openapi.t');

is($?, 0, 'the OpenAPI is tested');
like($said, qr/^ok \d+ # skip the linter: $why$/m, 'but for the linter');
like($said, qr/^ok \d+ # skip Ajv, Prism and \S+: $why$/m,
     'and for the validators');

done_testing;

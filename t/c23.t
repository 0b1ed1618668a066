# The module compiles with a C library of C23, whose memchr() and the like return
# a pointer to const for one: what is built here stands in for such a library.

use strict;
use warnings;

use Cwd qw(getcwd);
use File::Temp ();
use Test::More;

my $here = getcwd;
my $build = $ENV{TEST_BUILD} // 'build';
my $dir = File::Temp->newdir(TMPDIR => 1);

my %like = (
    memchr  => ['void', 's, c, n'],
    strchr  => ['char', 's, c'],
    strrchr => ['char', 's, c'],
    strstr  => ['char', 's, t'],
    strpbrk => ['char', 's, t'],
);

open my $fh, '>', "$dir/c23.h" or die "c23.h: $!\n";
print $fh "#include <string.h>\n", map {
    my ($type, $arguments) = @{ $like{$_} };

    "#undef $_\n#define $_($arguments) _Generic(0 ? (s) : (void *) 1, \\\n"
    . "    const void *: (const $type *) $_($arguments), \\\n"
    . "    default: $_($arguments))\n"
} sort keys %like;
close $fh;

# how each file is compiled, as make would

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

my $how = qx(make -n -B -f $here/$build/Makefile -C $build/nginx modules);
my %command = map { /^(\S.* -c .*?)\s-o\s+\S+\s+(\S*\/(ngx_\w*snapshot\w*)\.c)$/s
                    ? ($3 => [$1, $2]) : () }
              split /(?<!\\)\n/, $how =~ s/\\\n/ /gr;

cmp_ok(scalar keys %command, '>', 15, 'make tells how files are compiled');

# what the compiler says of a file that it does not take

sub said {
    my ($command, $file) = @_;

    $command =~ s/ -c / -fsyntax-only -D_GNU_SOURCE -include $dir\/c23.h /;

    my $said = qx(cd $build/nginx && $command $file 2>&1);
    return $? ? "$?: $said" : '';
}

is(said(@{ $command{$_} }), '', "$_.c compiles") for sort keys %command;

open $fh, '>', "$dir/planted.c" or die "planted.c: $!\n";
print $fh <<'EOT';
char *planted(const char *s);

char *
planted(const char *s)
{
    char  *p;

    p = strchr(s, 'x');

    return p;
}
EOT
close $fh;

my ($any) = values %command;

like(said($any->[0], "$dir/planted.c"), qr/planted\.c:8:/,
     'what does not is found');

done_testing;

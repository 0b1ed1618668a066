# What is missing is announced before it is installed, with what it costs; apt
# asks nobody anything, and what it says is in a log.

use strict;
use warnings;

use Cwd qw(getcwd);
use File::Temp ();
use Test::More;

my $install = getcwd . '/tools/install';
my $dir = File::Temp->newdir(TMPDIR => 1);

# Instead of the machine's own: "here" is installed, sudo drops the environment
# as sudo does, apt-get writes down what it was told.

my %programs = (
    'dpkg-query' => 'eval last=\$$#; [ $last = here ] && '
                  . 'echo "install ok installed"',
    id => 'echo $USER_ID',
    sudo => 'echo "sudo" >> calls; exec env -i PATH="$PATH" "$@"',
    'apt-get' => <<'EOT',
echo "apt-get frontend=$DEBIAN_FRONTEND runlevel=$RUNLEVEL proxy=$http_proxy" \
     "$*" >> calls
echo "chatter of $*"
case " $* " in
    *" update "*) exit 0 ;;
    *" --assume-no "*)
        echo "Need to get 12.5 MB/26.9 MB of archives."
        echo "After this operation, 68.4 MB of additional disk space will be used."
        exit 1 ;;
    *" broken "*) echo "E: it is broken" >&2; exit 100 ;;
esac
EOT
);

my @plain = qw(env mkdir sed sh tail);

mkdir "$dir/bin" or die "bin: $!\n";

for my $name (@plain) {
    my ($path) = grep { -x } map { "$_/$name" } split /:/, $ENV{PATH};
    symlink $path, "$dir/bin/$name" or die "$name: $!\n";
}

for my $name (keys %programs) {
    open my $fh, '>', "$dir/bin/$name" or die "$name: $!\n";
    print $fh "#!/bin/sh\n$programs{$name}\n";
    close $fh;
    chmod 0755, "$dir/bin/$name";
}

sub slurp {
    my ($name) = @_;

    open my $fh, '<', "$dir/$name" or return '';
    local $/;
    return <$fh>;
}

# exit status, what is said, what has been called

sub install {
    my ($user, @packages) = @_;

    local $ENV{PATH} = "$dir/bin";
    local $ENV{USER_ID} = $user;
    local $ENV{http_proxy} = 'http://127.0.0.1:1/';
    delete local $ENV{DEBIAN_FRONTEND};

    unlink "$dir/calls";

    my $said = qx(sh -c 'cd $dir && $install @packages' 2>&1);
    return ($?, $said, split /\n/, slurp('calls'));
}

my ($rc, $said, @calls) = install(0, 'here');

is($rc, 0, 'all is there');
is($said, '', 'so nothing is said');
is("@calls", '', 'and apt is not asked');

for my $user (0, 1000) {
    my $who = $user ? 'with sudo' : 'as root';

    ($rc, $said, @calls) = install($user, 'here', 'one', 'two');

    is($rc, 0, "$who: two are missing");
    is($said, "installing Debian packages, see build/install.log: one two\n"
              . "to fetch: 12.5 MB\non disk: 68.4 MB\n",
       "$who: they are announced, with what they cost, and that is all");
    is((grep { $_ eq 'sudo' } @calls), $user ? 3 : 0, "$who: as who it must");

    my @apt = grep { /^apt-get / } @calls;

    is((grep { /frontend=noninteractive runlevel=1 proxy=http:/ } @apt), @apt,
       "$who: apt asks nothing, starts no service, and knows the proxy");
    like($apt[-1], qr/ install .*-y.* one two$/, "$who: they are installed");
    like(slurp('build/install.log'),
         qr/chatter of .* update\n(?s:.*)chatter of .* -y one two\n/,
         "$who: what apt says is in the log");
}

($rc, $said) = install(0, 'broken');

isnt($rc, 0, 'what cannot be installed is a failure');
like($said, qr/^chatter of \N+\nE: it is broken\ncould not install: broken$/m,
     'the end of the log is shown');

unlink "$dir/bin/sudo" or die "sudo: $!\n";
($rc, $said, @calls) = install(1000, 'one');

isnt($rc, 0, 'neither root nor sudo');
like($said, qr/^these Debian packages are missing: one\ninstall them as root/,
     'it is said what is missing');
is("@calls", '', 'and apt is not asked');

done_testing;

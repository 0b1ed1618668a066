package Gateway::Names;

# The directives and variables that the module has, as nginx itself tells them:
# each word in the module's data is tried in a configuration.

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();

use Gateway::Process qw(command module);

our @EXPORT_OK = qw(directives variables);

my $dir;

sub words {
    my %seen;

    return grep { !$seen{$_}++ }
           map { /(snapshot_\w+)$/ ? $1 : () } qx(strings -d @{[module()]});
}

# what nginx says of a configuration with this in http, server or location

sub said {
    my ($text, $context) = @_;

    my %in = (http => '', server => '', location => '', $context => $text);

    $dir //= File::Temp->newdir(TMPDIR => 1);

    open my $fh, '>', "$dir/nginx.conf" or die "nginx.conf: $!\n";
    print $fh "load_module @{[module()]};\npid $dir/nginx.pid;\n"
            . "error_log stderr;\nevents {}\nhttp { access_log off;\n"
            . "$in{http} server { $in{server} location / { $in{location} } }"
            . "}\n";
    close $fh;

    return scalar qx(@{[command($dir, 'nginx.conf', '-t')]} 2>&1);
}

# by name, the contexts of each

sub directives {
    my %contexts;

    for my $word (words()) {
        next if said("$word;", 'http') =~ /unknown directive "$word"/;

        $contexts{$word} = [grep { said("$word;", $_)
                                   !~ /"$word" directive is not allowed here/
                                 } qw(http server location)];
    }

    return %contexts;
}

sub variables {
    return sort grep { said("set \$x \$$_;", 'server')
                       !~ /unknown "$_" variable/ } words();
}

1;

# A client in TypeScript, t/node/client.ts, whose types a generator made of what
# snapshot_openapi says: it can use every documented field, and the compiler
# tells it what is not in the contract.

use strict;
use warnings;

use Test::More;

use Contract::Facts;
use Gateway;

my $modules = 'build/node/node_modules';

plan skip_all => Gateway::without_npm() if Gateway::without_npm();

my $strict = join "\n", map { "snapshot_rule $_->{name} reject;" }
             grep { $_->{severity} eq 'warn' } @{ $FACTS->{rules} };

my $g = Gateway->new(server => "
        snapshot_error_details on;

        location = /contract { snapshot_openapi; }
        location = /older { snapshot_openapi 3.0; }
        location = /strict { $strict snapshot_openapi; }
");

my $client = do {
    open my $fh, '<', 't/node/client.ts' or die "client.ts: $!\n";
    local $/;
    <$fh>;
};

# the pages have these in their responses and errors

my @answered = (qw(id status name description created_at updated_at metadata
                   volume_id size user_id snapshot snapshots snapshots_links rel
                   href message code violations more rule severity at error_code
                   error_msg),
                map { "os-extended-snapshot-attributes:$_" }
                    qw(project_id progress));

my @asked = (qw(project_id snapshot_id),
             map { $_->{name} } grep { !$_->{alias_of} }
             map { @{ $_->{fields} // $_->{params} } }
                 values %{ $FACTS->{bodies} }, values %{ $FACTS->{queries} });

is(join(' ', grep { $client !~ /(?<![\w-])\Q$_\E(?!\w)/ } @answered, @asked), '',
   'the client uses every documented field and parameter');

for my $name (qw(contract older strict)) {
    mkdir "$g->{dir}/$name" or die "$name: $!\n";
    $g->write("$name/api.json", $g->get("/$name")->{body});
    $g->write("$name/client.ts", $client);

    my $said = qx($modules/.bin/openapi-typescript $g->{dir}/$name/api.json -o $g->{dir}/$name/api.ts 2>&1);
    is($?, 0, "$name: types are generated") or diag $said;
}

# what the compiler says of a client: nothing, or the lines it complains about

sub compiles {
    my ($names, $more) = @_;

    $g->write("$_/client.ts", $client . ($more // '')) for @$names;

    my @files = map { "$g->{dir}/$_/client.ts" } @$names;
    my $said = qx($modules/.bin/tsc --noEmit --strict --target es2022 --module esnext --moduleResolution bundler @files 2>&1);

    return $said =~ s/^.*?(\w+\/client\.ts)/$1/gmr;
}

is(compiles([qw(contract older strict)]), '',
   'it compiles, and what must not compile does not');

like(compiles(['contract'], "export const more: Query<V3['get']> = { nme: 'a' };\n"),
     qr/^contract\/client\.ts\(\d+,\d+\): error TS\d+: [^\n]*nme/,
     'a name that is misspelled would be noticed');

$g->finish;

done_testing;

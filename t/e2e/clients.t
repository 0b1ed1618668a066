# The stock clients do through the gateway of conf/cinder.conf what they do
# without it, at the oldest and the newest microversion that they speak.  What
# they send and what the gateway says of it is in docs/cinder.md, with what the
# rules' defaults would say: those of a second gateway behind the first, which
# only monitors.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Cinder;
use Gateway;

my $json = JSON::PP->new->utf8;

my $cinder = eval { Cinder->new(name => 'clients') }
    or BAIL_OUT($@ =~ s/\n//r);

my $defaults = <<'EOG';
    log_format defaults escape=json '{"body": "$request_body", '
        '"violations": "$snapshot_violations", "verdict": "$snapshot_verdict"}';

    server {
        listen 127.0.0.1:%%PORT_defaults%%;
        access_log defaults.log defaults;

        location / {
            snapshot_gateway monitor;
            proxy_set_header Host $http_host;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOG

my $g = $cinder->gateway(sub {
    my ($text) = @_;

    $text =~ s/(upstream cinder \{\s+\S+ \S+:)%%UPSTREAM/$1%%PORT_defaults/
        or BAIL_OUT('conf/cinder.conf has no upstream cinder');
    $text =~ s/\}\s*\z/$defaults}\n/;
    return $text;
});

my $volume = $cinder->volume;

# how each of them is told where Cinder is, without a Keystone

my %client = (
    cinder => ['/usr/bin/cinder', '--os-auth-type', 'noauth', '--os-endpoint',
               "http://127.0.0.1:$g->{port}/v3/" . PROJECT, '--os-project-id',
               PROJECT, '--os-user-id', 'admin', '--os-volume-api-version'],
    openstack => ['/usr/bin/openstack', '--os-auth-type', 'admin_token',
                  '--os-endpoint', "http://127.0.0.1:$g->{port}/v3/" . PROJECT,
                  '--os-token', 'admin:' . PROJECT, '--os-volume-api-version'],
);

my @versions = ('3.0', '3.70');

sub run {
    my (@command) = @_;

    open my $out, '-|', 'sh', '-c', 'exec timeout 30 "$@" 2>&1 </dev/null',
        'sh', @command or die "sh: $!\n";
    my $said = do { local $/; <$out> } // '';
    close $out;

    return ($? >> 8, $said);
}

# new lines of a log of the gateway

my %read;

sub new_lines {
    my ($name) = @_;

    my @lines = $g->lines($name);
    my @new = @lines[$read{$name} // 0 .. $#lines];
    $read{$name} = @lines;

    return map { $json->decode($_) } @new;
}

sub rules {
    my ($violations) = @_;

    my %seen;
    return join ' ', grep { !$seen{$_}++ }
                     map { s/;.*//r } split /, (?=[a-z-]+;at=)/, $violations;
}

# ids of this run as what they are the ids of

sub named {
    my ($text, $ids) = @_;

    my $project = PROJECT;
    $text =~ s/$project/{project}/g;
    $text =~ s/$volume/{volume}/g;
    $text =~ s/$_/{id}/g for keys %$ids;

    return $text;
}

my %name = map { $_ => 1 } qw(alpha alef beta gamma);
my (%rows, @order, %refused);

open my $fh, '<', 't/e2e/commands.jsonl' or BAIL_OUT("commands.jsonl: $!");
my @commands = map { $json->decode($_) } <$fh>;

for my $client ('cinder', 'openstack') {
    for my $version (@versions) {
        my $ids = {};

        for my $command (grep { $_->{client} eq $client
                                && ($_->{only} // $version) eq $version }
                         @commands) {
            my %all = $cinder->settled;
            my %id = map { ($_->{name} // '') => $_->{id} } values %all;

            $ids = { %$ids, %all };

            my @args = map { s/\{(\w*)\}/$1 eq 'volume' ? $volume
                                         : $id{$1} \/\/ 'no-such'/er }
                       split / /, $command->{args};
            my $title = "$client $version $command->{args}";

            my ($code, $said) = run(@{ $client{$client} }, $version, @args);

            is($code, 0, "$title: works") or diag $said;
            like($said, qr/$command->{out}/, "$title: says what it should");

            %all = $cinder->snapshots;
            $ids = { %$ids, %all };

            my @sent = new_lines('access.log');
            my @behind = new_lines('defaults.log');
            is(scalar @behind, scalar @sent, "$title: all of it passes");

            my $requests = '';

            for my $i (0 .. $#sent) {
                my ($front, $back) = ($sent[$i], $behind[$i]);

                # how a client finds out which versions there are
                next if $front->{verdict} eq '-' && $i == 0
                        && $front->{target} eq '/';

                $refused{$_} = 1
                    for $back->{verdict} eq 'monitored'
                        ? split / /, rules($back->{violations}) : ();

                my $said = join ' ', $front->{verdict} eq '-' ? 'not in scope'
                                     : $front->{verdict},
                                     rules($front->{violations});
                my $default = $back->{verdict} eq '-' ? ''
                    : join ' ', $back->{verdict} eq 'monitored' ? 'rejected'
                                : $back->{verdict}, rules($back->{violations});

                my $body = named($back->{body}, $ids);
                my $line = named("| `$front->{method} $front->{target}`", $ids)
                    . ($body ne '' ? " `$body`" : '')
                    . ' | ' . ($said =~ s/ $//r) . ' | '
                    . ($default =~ s/ $//r) . " |\n";

                $requests .= $line if $requests !~ /\Q$line\E/;
            }

            my $key = "$client $command->{args}";
            push @order, $key if !$rows{$key};
            push @{ $rows{$key}{$requests} }, $version;
        }

        is_deeply({ $cinder->settled }, {},
                  "$client $version: all are deleted");
    }
}

# A catalog without a project id: the clients are refused, and with the rule
# that docs/cinder.md names they work, and are judged.

my $bare = $cinder->gateway(sub {
    my ($text) = @_;

    $text =~ s/(snapshot_rule) param-unknown pass;/$&\n$1 project-id warn;/
        or BAIL_OUT('conf/cinder.conf has no place for a rule');
    return $text;
});

sub without_project {
    my ($gateway, $client, @args) = @_;

    my $url = "http://127.0.0.1:$gateway->{port}/v3";

    return run(map({ /^http:/ ? $url : $_ } @{ $client{$client} }),
               $versions[-1], @args);
}

my %bare = (
    cinder => [map { [split / /, "snapshot-$_"] }
               "create --name bare $volume", 'list --name bare',
               'rename bare renamed', 'delete renamed'],
    openstack => [map { [split / /, "volume snapshot $_"] }
                  "create --force --volume $volume bare", 'list --name bare',
                  'set --name renamed bare', 'delete renamed'],
);

for my $client ('cinder', 'openstack') {
    my ($code, $said) = without_project($g, $client, @{ $bare{$client}[0] });

    isnt($code, 0, "$client without a project id: is refused");
    like($said, qr/path project_id: is missing/, "$client: and told why");

    for my $command (@{ $bare{$client} }) {
        ($code, $said) = without_project($bare, $client, @$command);

        is($code, 0, "$client without a project id: @$command") or diag $said;
        $cinder->settled;
    }
}

my %judged = map { ("$_->{method} $_->{operation}" => "$_->{verdict} "
                    . rules($_->{violations})) }
             grep { $_->{operation} =~ /^evs/ }
             map { $json->decode($_) } $bare->lines('access.log');

is_deeply(\%judged, { map { $_ => 'warned project-id' }
                      'POST evs_v3_create', 'PUT evs_v3_update',
                      'GET evs_v3_detail' },
          'what has no project id is judged, and warned about');
is_deeply({ $cinder->settled }, {}, 'without a project id: all are deleted');

my $wrong = $cinder->ask('POST', '/v3/snapshots',
    { snapshot => { volume_id => $volume, display_name => 'evil' } },
    port => $bare->{port});
is($wrong->{status}, 400, 'a wrong body is refused there');
is_deeply({ $cinder->settled }, {}, 'and no snapshot is made');

my $text = "\n| command | version | requests | gateway | defaults |\n"
         . "|---|---|---|---|---|\n";

for my $key (@order) {
    for my $requests (sort keys %{ $rows{$key} }) {
        my $first = "| `$key` | " . join(', ', @{ $rows{$key}{$requests} })
                    . ' ';

        for my $line (split /^/, $requests) {
            $text .= $first . $line;
            $first = '| | ';
        }
    }
}

is(Cinder::documented('clients', "$text\n"), undef,
   'docs/cinder.md has what was seen');

# each rule that is set differently is needed, and no other is

open my $conf, '<', 'conf/cinder.conf' or die "conf/cinder.conf: $!\n";
my @set = map { /^\s+snapshot_rule (\S+) (\w+)/ ? "$1 $2" : () } <$conf>;

is("@set", 'boolean-string warn param-unknown pass',
   'the rules that differ are these');
is(join(' ', sort keys %refused), 'boolean-string',
   'by default only this one would refuse a client');

# and the versions are the oldest and the newest that all of them speak

my ($oldest, $newest) = split ' ', qx(/usr/bin/python3 -c 'if True:
    from cinderclient import api_versions
    print(api_versions.MIN_VERSION, api_versions.MAX_VERSION)');
my ($of_cinder) = grep { $_->{id} eq 'v3.0' }
                  @{ $cinder->ask('GET', '/')->{json}{versions} };

is("$oldest $newest", "@versions", 'the versions are those of the clients');
is("$of_cinder->{min_version} $of_cinder->{version}", "@versions",
   'and of Cinder');

$_->finish for $g, $bare;

done_testing;

# Names that Cinder knows for a field: "field-alias" says what becomes of them,
# and where it does not reject they are no way around the rules of the field.
# Beside it the other rules that no page has: whose project the path names, and
# what DWS takes in a description.

use strict;
use warnings;

use Test::More;

use Gateway;

my $g = Gateway->new(server => <<'EOG');
        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /warn/ {
            snapshot_gateway enforce;
            snapshot_prefix /warn;
            snapshot_rule field-alias warn;
            snapshot_rule name-reserved reject;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /pass/ {
            snapshot_gateway enforce;
            snapshot_prefix /pass;
            snapshot_rule field-alias pass;
            snapshot_rule update-empty reject;
            add_header X-Name $snapshot_name;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /tenant/ {
            snapshot_gateway enforce;
            snapshot_prefix /tenant;
            snapshot_tenant $http_x_tenant;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /match/ {
            snapshot_gateway enforce;
            snapshot_prefix /match;
            snapshot_tenant $http_x_tenant;
            snapshot_rule project-match reject;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOG

my $project = PROJECT;
my $cluster = CLUSTER;
my $create = "/v3/$project/snapshots";
my $update = "$create/" . SNAPSHOT;
my $dws = "/v1.0/$project/snapshots";

# the code of a refusal, else the warnings, else "accepted"

sub verdict {
    my ($r) = @_;

    return $r->{status} >= 400 ? $r->{error}{code}
           : $r->{headers}{'x-snapshot-warning'}[0] // 'accepted';
}

sub created { return $g->post(create_body(@_[1 .. $#_]), target => $_[0]) }

sub updated {
    my ($target, $body) = @_;

    return $g->request('PUT', $target,
                       [['Content-Type', 'application/json']], $body);
}


my $r = created($create, display_name => 'a');
is(verdict($r), 'EVS.5400', 'an alias is refused');
is($r->{error}{message}, 'snapshot.display_name: must be given as name, is '
   . 'another name of it', 'and the message names the field');
is(verdict(created($create, display_description => undef)), 'EVS.5400',
   'also where it is null');
is(verdict($g->post('{"snapshot": {"name": "abcd", "display_name": "abcd", '
                    . '"cluster_id": "' . $cluster . '"}}', target => $dws)),
   'DWS.5065', 'to DWS it is an unknown field');
is(verdict($g->post('{"display_name": "a", ' . substr(create_body(), 1),
                    target => $create)), 'EVS.5400',
   'beside "snapshot" it is an unknown field');
like($g->post('{"display_name": "a", ' . substr(create_body(), 1),
              target => $create)->{error}{message}, qr/, is unknown\z/,
     'and is told so');

my $alias = 'field-alias;at="/snapshot/display_name"';

is(verdict(created("/warn$create", display_name => 'a')), $alias,
   'warn: an alias is warned about');
$r = created("/warn$create", display_name => 'n' x 300);
is($r->{error}{message}, 'snapshot.display_name: 300 bytes, at most 255 are '
   . 'allowed', 'warn: an alias may be no longer than its field');
is(verdict(created("/warn$create", display_name => 'autobk_snapshot_1')),
   'EVS.5400', 'warn: nor begin with what is reserved');
is(verdict(created("/warn$create", display_name => 5)), 'EVS.1018',
   'warn: nor have another type');
is(verdict(created("/warn$create", display_name => undef)), $alias,
   'warn: but it may be null, as its field');
is(verdict(created("/warn$create", display_description => 'd' x 256)),
   'EVS.5400', 'warn: the alias of another field has the rules of that one');
is(verdict(created("/warn$create", name => 'a', display_name => 'b')), $alias,
   'warn: both names may be there');
is(verdict(updated("/warn$update", '{"snapshot": {"display_name": "a"}}')),
   $alias, 'warn: an update with an alias is not empty');
is(verdict(updated("/warn$update", '{"snapshot": {"display_name": null}}')),
   "$alias, update-empty;at=\"/snapshot\"",
   'warn: but one with an alias that is null is');

is(verdict(created("/pass$create", display_name => 'a')), 'accepted',
   'pass: an alias is not looked at');
is(verdict(created("/pass$create", display_name => 'n' x 256)), 'EVS.5400',
   'pass: its value is');
is(verdict(updated("/pass$update", '{"snapshot": {"display_name": "a"}}')),
   'accepted', 'pass: an update with an alias is not empty');

for my $members (['display_name', 'a'], ['name', 'b', 'display_name', 'a'],
                 ['display_name', 'a', 'name', 'b'])
{
    my @members = @$members;
    my @pairs;

    while (my ($name, $value) = splice @members, 0, 2) {
        push @pairs, "\"$name\": \"$value\"";
    }

    $r = updated("/pass$update", '{"snapshot": {' . join(', ', @pairs) . '}}');
    is($r->{headers}{'x-name'}[0], $members->[-1] eq 'b' || @$members == 4
                                   ? 'b' : 'a',
       'the variable has what Cinder takes: ' . join ', ', @pairs);
}

# conf/cinder.conf, for clients that always send both

my $cinder = Gateway->new(all =>
    Gateway::shipped('cinder.conf', 8776 => '%%UPSTREAM%%'));

$r = $cinder->post(create_body(name => 'a', display_name => 'a'),
                   target => $create);
is(verdict($r), $alias, 'cinder.conf lets openstack4j pass');
is(scalar $cinder->received, 1, 'and Cinder gets the request');
is(verdict($cinder->post(create_body(name => 'a', display_name => 'a' x 300),
                         target => $create)), 'EVS.5400',
   'but not with an alias of 300 bytes');
is(scalar $cinder->received, 0, 'of which Cinder gets nothing');


# DWS

sub described {
    return verdict($g->post('{"snapshot": {"name": "abcd", "cluster_id": "'
                            . $cluster . '", "description": "' . $_[0] . '"}}',
                            target => $dws));
}

my $format = 'description-format;at="/snapshot/description"';

is(described('d' x 256), 'accepted', '256 characters describe a snapshot');
is(described('d' x 257), $format, '257 are warned about');
is(described("\xe5\xa4\x87" x 256), 'accepted', 'characters, not bytes');
is(described("\xe5\xa4\x87" x 257), $format, 'and no more of them');
is(described($_), $format, "$_ is warned about")
    for 'a!', 'a<', 'a>', "a'", 'a=', 'a&', 'a\"', '\u003c';
is(described('(a-b) #1; 50%'), 'accepted',
   'other characters are not');
is(verdict(created($create, description => 'a < b')), 'accepted',
   'EVS has no such rule');


# whose project it is

sub asked {
    my ($method, $target, $tenant) = @_;

    return $g->request($method, $target,
                       [defined $tenant ? ['X-Tenant', $tenant] : ()]);
}

my $match = 'project-match;at="path:project_id"';

is(verdict(asked('GET', "/tenant$create", $project)), 'accepted',
   'the project of the tenant is right');
is(verdict(asked('GET', "/tenant$create", 'other')), $match,
   'another one is warned about');
is(verdict(asked('GET', "/tenant$create", uc $project)), $match,
   'letters are of one case');
is(verdict(asked('GET', "/tenant$create")), 'accepted',
   'without a tenant nothing is said');
is(verdict(asked('GET', '/tenant/v3/snapshots', 'other')), 'EVS.0001',
   'nor without a project id, but for its own rule');
is(verdict(asked('DELETE', "/tenant$update", 'other')), $match,
   'sibling operations have a project, too');
is(verdict(asked('GET', "/tenant$create/a/b/c", 'other')), $match,
   'and so have unknown requests');

$r = asked('GET', "/match$create", 'other');
is("$r->{status} $r->{fault} $r->{error}{code}", '403 forbidden EVS.5403',
   'it can be refused');
is($r->{error}{message}, 'path project_id: must be the project of the tenant, '
   . 'is another one', 'in words');
$r = asked('POST', "/match$dws", 'other');
is("$r->{status} $r->{error}{code}", '403 403', 'DWS has no code of its own');
is(verdict(asked('GET', "/match$create", $project)), 'accepted',
   'and what matches passes');

$_->finish for $g, $cinder;

done_testing;

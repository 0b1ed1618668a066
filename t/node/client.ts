// A client of the snapshot API as one would write it: its types are those that
// openapi-typescript makes of the OpenAPI document, in api.ts.  It uses every
// documented field and parameter.  Where a line must not compile, the one
// before it says so; the compiler complains if it does.

import type { paths } from './api';

type Json<T> = T extends { content: { 'application/json': infer B } }
    ? B : never;
type Body<O> = O extends { requestBody: infer B } ? Json<B> : never;
type Answer<O, S extends number | 'default'> =
    O extends { responses: infer R } ? S extends keyof R ? Json<R[S]> : never
                                     : never;
type Query<O> = O extends { parameters: { query?: infer Q } }
    ? NonNullable<Q> : never;
type Path<O> = O extends { parameters: { path: infer P } } ? P : never;

type V3 = paths['/v3/{project_id}/snapshots'];
type V3One = paths['/v3/{project_id}/snapshots/{snapshot_id}'];
type V3Detail = paths['/v3/{project_id}/snapshots/detail'];
type V2 = paths['/v2/{project_id}/snapshots'];
type V2One = paths['/v2/{project_id}/snapshots/{snapshot_id}'];
type V2Detail = paths['/v2/{project_id}/snapshots/detail'];
type V1 = paths['/v1.0/{project_id}/snapshots'];


// requests

export const project: Path<V3> = { project_id: 'p' };
export const one: Path<V3One> = { project_id: 'p', snapshot_id: 's' };

export const create: Body<V3['post']> & Body<V2['post']> = {
    snapshot: {
        volume_id: '5aa119a8-d25b-45a7-8d1b-88e127885635', force: false,
        metadata: { key: 'value' }, description: 'Daily backup',
        name: 'snap-001',
    },
};

export const least: Body<V3['post']> = {
    snapshot: {
        volume_id: '5aa119a8-d25b-45a7-8d1b-88e127885635', metadata: null,
        description: null, name: null,
    },
};

export const update: Body<V3One['put']> & Body<V2One['put']> = {
    snapshot: { name: 'snap-001', description: 'Daily backup' },
};

export const emptied: Body<V3One['put']> = {
    snapshot: { name: 'snap-001', description: null },
};

export const cluster: Body<V1['post']> = {
    snapshot: {
        name: 'snapshot-3', cluster_id: '44b277eb-39be-4921-be31-3d61b43651d7',
        description: 'Snapshot-3 description',
    },
};

export const query: Query<V3['get']> & Query<V2['get']>
                    & Query<V3Detail['get']> & Query<V2Detail['get']> = {
    marker: '6cd26877-3ca3-4f4e-ae2a-38cc3d6183fa', offset: 50, limit: 50,
    name: '', sort_dir: 'asc', status: 'available',
    volume_id: 'ae11e59c-bd56-434a-a00c-04757e1c066d',
};


// responses

type Snapshot = Answer<V3One['put'], 200>['snapshot'];

function show(snapshot: Snapshot) {
    const id: string = snapshot.id;
    const size: number | undefined = snapshot.size;
    const words: (string | null | undefined)[] = [
        snapshot.status, snapshot.name, snapshot.description,
        snapshot.created_at, snapshot.updated_at, snapshot.volume_id,
    ];
    const keys = Object.keys(snapshot.metadata ?? {});

    return { id, size, words, keys };
}

export function created(v3: Answer<V3['post'], 202>,
                        v2: Answer<V2['post'], 202>,
                        v1: Answer<V1['post'], 200>)
{
    const user: string | undefined = v3.snapshot.user_id;
    const id: string = v1.snapshot.id;

    return [show(v3.snapshot), show(v2.snapshot), user, id];
}

export const updated = (v2: Answer<V2One['put'], 200>) => show(v2.snapshot);

export function listed(list: Answer<V3['get'], 200> & Answer<V2['get'], 200>)
{
    const next: string | undefined = list.snapshots_links
        ?.find(({ rel }) => rel === 'next')?.href;

    return [list.snapshots.map(show), next];
}

export function detailed(list: Answer<V3Detail['get'], 200>
                               & Answer<V2Detail['get'], 200>)
{
    const next: string | undefined = list.snapshots_links?.[0]?.href;

    return list.snapshots.map((snapshot) => {
        const project: string | undefined =
            snapshot['os-extended-snapshot-attributes:project_id'];
        const progress: string | undefined =
            snapshot['os-extended-snapshot-attributes:progress'];

        return [show(snapshot), project, progress, next];
    });
}

export function refused(error: Answer<V3['post'], 400 | 413 | 415>
                               | Answer<V3['get'], 400 | 'default'>)
{
    return Object.values(error).map(({ message, code, violations, more }) => {
        const text: string = `${message} (${code})`;
        const left: number | undefined = more;
        const rules = violations?.map((v) =>
            [v.rule, v.severity === 'reject', v.at, v.message, v.code]);

        return { text, left, rules };
    });
}

export function refusedByDws(error: Answer<V1['post'], 400 | 'default'>) {
    const code: string = error.error_code;
    const text: string = error.error_msg;

    return { code, text };
}


// what the contract does not have

// @ts-expect-error: a volume is required
export const noVolume: Body<V3['post']> = { snapshot: { name: 'a' } };
// @ts-expect-error: the wrapper is required
export const noWrapper: Body<V3['post']> = { volume_id: '' };
// @ts-expect-error: a name is a string
export const number: Body<V3One['put']> = { snapshot: { name: 5 } };
// @ts-expect-error: stock OpenStack clients send this
export const quoted: Body<V3['post']> = { snapshot: { volume_id: '', force: 'True' } };
// @ts-expect-error: of EVS a volume cannot be null
export const noId: Body<V2['post']> = { snapshot: { volume_id: null } };
// @ts-expect-error: no alias is documented
export const alias: Body<V3['post']> = { snapshot: { volume_id: '', display_name: 'a' } };
// @ts-expect-error: DWS snapshots are of clusters
export const volume: Body<V1['post']> = { snapshot: { name: 'abcd', volume_id: '' } };
// @ts-expect-error: an order is one of two
export const order: Query<V3['get']> = { sort_dir: 'up' };
// @ts-expect-error: a limit is a number
export const text: Query<V3['get']> = { limit: 'all' };
// @ts-expect-error: there is no such path
export type Nowhere = paths['/v3/{project_id}/volumes'];

export function strict(snapshot: Snapshot) {
    // @ts-expect-error: a name can be null
    const name: string = snapshot.name;

    // @ts-expect-error: the id is not a number
    const id: number = snapshot.id;

    return [name, id];
}

using KeyMeld.Gateway.Storage.Migrations;

namespace KeyMeld.Gateway.Storage.Postgres.Migrations;

internal static class LeftBehind
{
    // Groups that are complete and not formed, or whose time to join is over, are found without reading the others that join.
    // The two tables are what gateways tell each other about rounds with members at home: nothing in them outlives its signing.
    public static readonly Migration Migration = new(5, "left behind", """
        ALTER TABLE groups ADD COLUMN completed_ms bigint;
        CREATE INDEX groups_completed ON groups (completed_ms) WHERE state = 'joining' AND completed_ms IS NOT NULL;
        CREATE INDEX groups_join_by ON groups (join_by_ms) WHERE state = 'joining' AND join_by_ms IS NOT NULL;

        CREATE TABLE signing_rounds (
            request_hash bytea PRIMARY KEY REFERENCES signings,
            snapshot bytea NOT NULL
        );

        CREATE TABLE signing_round_posts (
            request_hash bytea NOT NULL REFERENCES signings,
            place bigint NOT NULL,
            round bigint NOT NULL,
            attempt bigint NOT NULL,
            blob bytea NOT NULL,
            PRIMARY KEY (request_hash, place, round, attempt)
        );
        """, """
        DROP TABLE signing_round_posts;
        DROP TABLE signing_rounds;
        DROP INDEX groups_join_by;
        DROP INDEX groups_completed;
        ALTER TABLE groups DROP COLUMN completed_ms;
        """)
    {
        Loses = [new Loss("groups.completed_ms"), new Loss("signing_rounds"), new Loss("signing_round_posts")],
    };
}

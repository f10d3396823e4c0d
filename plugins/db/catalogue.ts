/** What Postgres knows of itself: the relations that tell it, and the functions that drivers and libraries ask beside them. */
import type { Catalogue } from './relations.ts'

/** Without one of these words there is nothing to look for. */
export const CATALOGUE = /pg_|information_schema/i

const RELATIONS = new Set(
  `aggregate am amop amproc attrdef attribute authid auth_members available_extensions available_extension_versions backend_memory_contexts
  cast class collation config constraint conversion cursors database db_role_setting default_acl depend description enum event_trigger
  extension file_settings foreign_data_wrapper foreign_server foreign_table group hba_file_rules ident_file_mappings index indexes inherits
  init_privs language largeobject_metadata locks matviews namespace opclass operator opfamily parameter_acl partitioned_table policies policy
  prepared_statements prepared_xacts proc publication publication_namespace publication_rel publication_tables range
  replication_origin replication_slots rewrite roles rules seclabel seclabels sequence sequences settings shadow shdepend shdescription
  shmem_allocations shseclabel stat_activity stat_all_indexes stat_all_tables stat_database stat_replication stat_ssl stat_user_indexes
  stat_user_tables statio_user_tables statistic statistic_ext statistic_ext_data stats stats_ext subscription subscription_rel tables
  tablespace timezone_abbrevs timezone_names transform trigger ts_config ts_config_map ts_dict ts_parser ts_template type user
  user_mapping user_mappings username views`
    .split(/\s+/)
    .map((name) => `pg_${name}`),
)
const SCHEMAS = ['pg_catalog', 'information_schema']

const HARMLESS =
  /^(?:_?pg_(?:get_\w+|\w+_is_visible|expandarray|char_to_encoding|encoding_to_char|typeof|options_to_table|(?:total_)?relation_size|table_size|indexes_size|database_size|size_pretty|index_column_has_property|index_has_property|indexam_has_property|is_in_recovery|is_other_temp_schema|my_temp_schema|postmaster_start_time|backend_pid|stat_get_\w+|truetypid|truetypmod|char_max_length|numeric_precision|numeric_scale|tablespace_location|describe_object|identify_object|sequence_last_value)|has_\w+_privilege|(?:col|obj|shobj)_description|current_(?:schemas?|database|user|setting|catalog|role)|session_user|version|format|format_type|quote_(?:ident|literal|nullable)|to_reg\w+|array_(?:agg|to_string|position|positions|length|upper|lower|append|prepend|cat|remove|dims|ndims)|cardinality|unnest|generate_(?:series|subscripts)|string_(?:agg|to_array)|regexp_(?:replace|match|matches|split_to_array|split_to_table)|(?:row_)?to_jsonb?|jsonb?_(?:agg|build_object|build_array|object_agg|array_length|object|strip_nulls)|array_to_json|count|min|max|sum|avg|bool_and|bool_or|every|row_number|rank|dense_rank|first_value|last_value|lag|lead|coalesce|nullif|greatest|least|lower|upper|initcap|concat|concat_ws|substr|substring|trim|btrim|ltrim|rtrim|left|right|replace|split_part|strpos|position|overlay|length|char_length|character_length|octet_length|starts_with|translate|reverse|repeat|lpad|rpad|md5|extract|date_part|to_char|abs|round|floor|ceil|mod|information_schema\w*|oid|text|name|regclass|regtype|regproc|regnamespace)$/

export const OF_POSTGRES: Catalogue = {
  isRelation: (name, schema) =>
    schema === undefined ? RELATIONS.has(name) : SCHEMAS.includes(schema.slice(schema.lastIndexOf('.') + 1)),
  isHarmless: (name, schema) => (schema === undefined || SCHEMAS.includes(schema)) && HARMLESS.test(name),
}

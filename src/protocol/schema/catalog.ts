import { produceRequest, produceResponse } from './00_produce.ts';
import { fetchRequest, fetchResponse } from './01_fetch.ts';
import { listOffsetsRequest, listOffsetsResponse } from './02_list_offsets.ts';
import { metadataRequest, metadataResponse } from './03_metadata.ts';
import { offsetCommitRequest, offsetCommitResponse } from './08_offset_commit.ts';
import { offsetFetchRequest, offsetFetchResponse } from './09_offset_fetch.ts';
import { findCoordinatorRequest, findCoordinatorResponse } from './10_find_coordinator.ts';
import { joinGroupRequest, joinGroupResponse } from './11_join_group.ts';
import { heartbeatRequest, heartbeatResponse } from './12_heartbeat.ts';
import { leaveGroupRequest, leaveGroupResponse } from './13_leave_group.ts';
import { syncGroupRequest, syncGroupResponse } from './14_sync_group.ts';
import { describeGroupsRequest, describeGroupsResponse } from './15_describe_groups.ts';
import { listGroupsRequest, listGroupsResponse } from './16_list_groups.ts';
import { saslHandshakeRequest, saslHandshakeResponse } from './17_sasl_handshake.ts';
import { apiVersionsRequest, apiVersionsResponse } from './18_api_versions.ts';
import { createTopicsRequest, createTopicsResponse } from './19_create_topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from './20_delete_topics.ts';
import { deleteRecordsRequest, deleteRecordsResponse } from './21_delete_records.ts';
import { initProducerIdRequest, initProducerIdResponse } from './22_init_producer_id.ts';
import { offsetForLeaderEpochRequest, offsetForLeaderEpochResponse } from './23_offset_for_leader_epoch.ts';
import { addPartitionsToTxnRequest, addPartitionsToTxnResponse } from './24_add_partitions_to_txn.ts';
import { addOffsetsToTxnRequest, addOffsetsToTxnResponse } from './25_add_offsets_to_txn.ts';
import { endTxnRequest, endTxnResponse } from './26_end_txn.ts';
import { writeTxnMarkersRequest, writeTxnMarkersResponse } from './27_write_txn_markers.ts';
import { txnOffsetCommitRequest, txnOffsetCommitResponse } from './28_txn_offset_commit.ts';
import { describeAclsRequest, describeAclsResponse } from './29_describe_acls.ts';
import { createAclsRequest, createAclsResponse } from './30_create_acls.ts';
import { deleteAclsRequest, deleteAclsResponse } from './31_delete_acls.ts';
import { describeConfigsRequest, describeConfigsResponse } from './32_describe_configs.ts';
import { alterConfigsRequest, alterConfigsResponse } from './33_alter_configs.ts';
import { alterReplicaLogDirsRequest, alterReplicaLogDirsResponse } from './34_alter_replica_log_dirs.ts';
import { describeLogDirsRequest, describeLogDirsResponse } from './35_describe_log_dirs.ts';
import { saslAuthenticateRequest, saslAuthenticateResponse } from './36_sasl_authenticate.ts';
import { createPartitionsRequest, createPartitionsResponse } from './37_create_partitions.ts';
import { createDelegationTokenRequest, createDelegationTokenResponse } from './38_create_delegation_token.ts';
import { renewDelegationTokenRequest, renewDelegationTokenResponse } from './39_renew_delegation_token.ts';
import { expireDelegationTokenRequest, expireDelegationTokenResponse } from './40_expire_delegation_token.ts';
import { describeDelegationTokenRequest, describeDelegationTokenResponse } from './41_describe_delegation_token.ts';
import { deleteGroupsRequest, deleteGroupsResponse } from './42_delete_groups.ts';
import { electLeadersRequest, electLeadersResponse } from './43_elect_leaders.ts';
import { incrementalAlterConfigsRequest, incrementalAlterConfigsResponse } from './44_incremental_alter_configs.ts';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
} from './45_alter_partition_reassignments.ts';
import {
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from './46_list_partition_reassignments.ts';
import { offsetDeleteRequest, offsetDeleteResponse } from './47_offset_delete.ts';
import { describeClientQuotasRequest, describeClientQuotasResponse } from './48_describe_client_quotas.ts';
import { alterClientQuotasRequest, alterClientQuotasResponse } from './49_alter_client_quotas.ts';
import {
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
} from './50_describe_user_scram_credentials.ts';
import {
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
} from './51_alter_user_scram_credentials.ts';
import { voteRequest, voteResponse } from './52_vote.ts';
import { beginQuorumEpochRequest, beginQuorumEpochResponse } from './53_begin_quorum_epoch.ts';
import { endQuorumEpochRequest, endQuorumEpochResponse } from './54_end_quorum_epoch.ts';
import { describeQuorumRequest, describeQuorumResponse } from './55_describe_quorum.ts';
import { alterPartitionRequest, alterPartitionResponse } from './56_alter_partition.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from './57_update_features.ts';
import { envelopeRequest, envelopeResponse } from './58_envelope.ts';
import { fetchSnapshotRequest, fetchSnapshotResponse } from './59_fetch_snapshot.ts';
import { describeClusterRequest, describeClusterResponse } from './60_describe_cluster.ts';
import { describeProducersRequest, describeProducersResponse } from './61_describe_producers.ts';
import { brokerRegistrationRequest, brokerRegistrationResponse } from './62_broker_registration.ts';
import { brokerHeartbeatRequest, brokerHeartbeatResponse } from './63_broker_heartbeat.ts';
import { unregisterBrokerRequest, unregisterBrokerResponse } from './64_unregister_broker.ts';
import { describeTransactionsRequest, describeTransactionsResponse } from './65_describe_transactions.ts';
import { listTransactionsRequest, listTransactionsResponse } from './66_list_transactions.ts';
import { allocateProducerIdsRequest, allocateProducerIdsResponse } from './67_allocate_producer_ids.ts';
import { consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse } from './68_consumer_group_heartbeat.ts';
import { consumerGroupDescribeRequest, consumerGroupDescribeResponse } from './69_consumer_group_describe.ts';
import { controllerRegistrationRequest, controllerRegistrationResponse } from './70_controller_registration.ts';
import {
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
} from './71_get_telemetry_subscriptions.ts';
import { pushTelemetryRequest, pushTelemetryResponse } from './72_push_telemetry.ts';
import { assignReplicasToDirsRequest, assignReplicasToDirsResponse } from './73_assign_replicas_to_dirs.ts';
import { listConfigResourcesRequest, listConfigResourcesResponse } from './74_list_config_resources.ts';
import { describeTopicPartitionsRequest, describeTopicPartitionsResponse } from './75_describe_topic_partitions.ts';
import { shareGroupHeartbeatRequest, shareGroupHeartbeatResponse } from './76_share_group_heartbeat.ts';
import { shareGroupDescribeRequest, shareGroupDescribeResponse } from './77_share_group_describe.ts';
import { shareFetchRequest, shareFetchResponse } from './78_share_fetch.ts';
import { shareAcknowledgeRequest, shareAcknowledgeResponse } from './79_share_acknowledge.ts';
import { addRaftVoterRequest, addRaftVoterResponse } from './80_add_raft_voter.ts';
import { removeRaftVoterRequest, removeRaftVoterResponse } from './81_remove_raft_voter.ts';
import { updateRaftVoterRequest, updateRaftVoterResponse } from './82_update_raft_voter.ts';
import {
  initializeShareGroupStateRequest,
  initializeShareGroupStateResponse,
} from './83_initialize_share_group_state.ts';
import { readShareGroupStateRequest, readShareGroupStateResponse } from './84_read_share_group_state.ts';
import { writeShareGroupStateRequest, writeShareGroupStateResponse } from './85_write_share_group_state.ts';
import { deleteShareGroupStateRequest, deleteShareGroupStateResponse } from './86_delete_share_group_state.ts';
import {
  readShareGroupStateSummaryRequest,
  readShareGroupStateSummaryResponse,
} from './87_read_share_group_state_summary.ts';
import { streamsGroupHeartbeatRequest, streamsGroupHeartbeatResponse } from './88_streams_group_heartbeat.ts';
import { streamsGroupDescribeRequest, streamsGroupDescribeResponse } from './89_streams_group_describe.ts';
import {
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
} from './90_describe_share_group_offsets.ts';
import { alterShareGroupOffsetsRequest, alterShareGroupOffsetsResponse } from './91_alter_share_group_offsets.ts';
import { deleteShareGroupOffsetsRequest, deleteShareGroupOffsetsResponse } from './92_delete_share_group_offsets.ts';
import { requestHeader, responseHeader } from './header.ts';
import { consumerProtocolSubscription, consumerProtocolAssignment } from './consumer_protocol.ts';
import {
  controlRecordTypeSchema,
  endTxnMarker,
  leaderChangeMessage,
  snapshotHeaderRecord,
  snapshotFooterRecord,
  kRaftVersionRecord,
  votersRecord,
} from './control_records.ts';
import { defaultPrincipalData } from './default_principal.ts';
import { quorumStateData } from './quorum_state.ts';
import { registerBrokerRecord } from './metadata/register_broker_record.ts';
import { unregisterBrokerRecord } from './metadata/unregister_broker_record.ts';
import { topicRecord } from './metadata/topic_record.ts';
import { partitionRecord } from './metadata/partition_record.ts';
import { configRecord } from './metadata/config_record.ts';
import { partitionChangeRecord } from './metadata/partition_change_record.ts';
import { fenceBrokerRecord } from './metadata/fence_broker_record.ts';
import { unfenceBrokerRecord } from './metadata/unfence_broker_record.ts';
import { removeTopicRecord } from './metadata/remove_topic_record.ts';
import { delegationTokenRecord } from './metadata/delegation_token_record.ts';
import { userScramCredentialRecord } from './metadata/user_scram_credential_record.ts';
import { featureLevelRecord } from './metadata/feature_level_record.ts';
import { clientQuotaRecord } from './metadata/client_quota_record.ts';
import { producerIdsRecord } from './metadata/producer_ids_record.ts';
import { brokerRegistrationChangeRecord } from './metadata/broker_registration_change_record.ts';
import { accessControlEntryRecord } from './metadata/access_control_entry_record.ts';
import { removeAccessControlEntryRecord } from './metadata/remove_access_control_entry_record.ts';
import { noOpRecord } from './metadata/no_op_record.ts';
import { zkMigrationStateRecord } from './metadata/zk_migration_state_record.ts';
import { removeUserScramCredentialRecord } from './metadata/remove_user_scram_credential_record.ts';
import { beginTransactionRecord } from './metadata/begin_transaction_record.ts';
import { endTransactionRecord } from './metadata/end_transaction_record.ts';
import { abortTransactionRecord } from './metadata/abort_transaction_record.ts';
import { removeDelegationTokenRecord } from './metadata/remove_delegation_token_record.ts';
import { registerControllerRecord } from './metadata/register_controller_record.ts';
import { clearElrRecord } from './metadata/clear_elr_record.ts';
import { legacyOffsetCommitKey, legacyOffsetCommitValue } from './group_coordinator/00_legacy_offset_commit.ts';
import { offsetCommitKey, offsetCommitValue } from './group_coordinator/01_offset_commit.ts';
import { groupMetadataKey, groupMetadataValue } from './group_coordinator/02_group_metadata.ts';
import {
  consumerGroupMetadataKey,
  consumerGroupMetadataValue,
} from './group_coordinator/03_consumer_group_metadata.ts';
import {
  consumerGroupPartitionMetadataKey,
  consumerGroupPartitionMetadataValue,
} from './group_coordinator/04_consumer_group_partition_metadata.ts';
import {
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
} from './group_coordinator/05_consumer_group_member_metadata.ts';
import {
  consumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataValue,
} from './group_coordinator/06_consumer_group_target_assignment_metadata.ts';
import {
  consumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberValue,
} from './group_coordinator/07_consumer_group_target_assignment_member.ts';
import {
  consumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentValue,
} from './group_coordinator/08_consumer_group_current_member_assignment.ts';
import {
  shareGroupMemberMetadataKey,
  shareGroupMemberMetadataValue,
} from './group_coordinator/10_share_group_member_metadata.ts';
import { shareGroupMetadataKey, shareGroupMetadataValue } from './group_coordinator/11_share_group_metadata.ts';
import {
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
} from './group_coordinator/12_share_group_target_assignment_metadata.ts';
import {
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
} from './group_coordinator/13_share_group_target_assignment_member.ts';
import {
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
} from './group_coordinator/14_share_group_current_member_assignment.ts';
import {
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
} from './group_coordinator/15_share_group_state_partition_metadata.ts';
import {
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
} from './group_coordinator/16_consumer_group_regular_expression.ts';
import { streamsGroupMetadataKey, streamsGroupMetadataValue } from './group_coordinator/17_streams_group_metadata.ts';
import {
  streamsGroupMemberMetadataKey,
  streamsGroupMemberMetadataValue,
} from './group_coordinator/19_streams_group_member_metadata.ts';
import {
  streamsGroupTargetAssignmentMetadataKey,
  streamsGroupTargetAssignmentMetadataValue,
} from './group_coordinator/20_streams_group_target_assignment_metadata.ts';
import {
  streamsGroupTargetAssignmentMemberKey,
  streamsGroupTargetAssignmentMemberValue,
} from './group_coordinator/21_streams_group_target_assignment_member.ts';
import {
  streamsGroupCurrentMemberAssignmentKey,
  streamsGroupCurrentMemberAssignmentValue,
} from './group_coordinator/22_streams_group_current_member_assignment.ts';
import { streamsGroupTopologyKey, streamsGroupTopologyValue } from './group_coordinator/23_streams_group_topology.ts';
import { shareSnapshotKey, shareSnapshotValue } from './share_coordinator/00_share_snapshot.ts';
import { shareUpdateKey, shareUpdateValue } from './share_coordinator/01_share_update.ts';
import { transactionLogKey, transactionLogValue } from './transaction_coordinator/00_transaction_log.ts';
import { producerSnapshot } from './storage/producer_snapshot.ts';
import {
  remoteLogSegmentMetadataRecord,
  remoteLogSegmentMetadataUpdateRecord,
  remotePartitionDeleteMetadataRecord,
  remoteLogSegmentMetadataSnapshotRecord,
} from './storage/remote_log_metadata.ts';
import type { Message } from '../schema_language.ts';

/**
 * Every message of the protocol: for tools and tests. Whoever serves an API imports its definition alone, so that a
 * broker loads what it meets.
 */
export const MESSAGES: readonly Message[] = [
  produceRequest,
  produceResponse,
  fetchRequest,
  fetchResponse,
  listOffsetsRequest,
  listOffsetsResponse,
  metadataRequest,
  metadataResponse,
  offsetCommitRequest,
  offsetCommitResponse,
  offsetFetchRequest,
  offsetFetchResponse,
  findCoordinatorRequest,
  findCoordinatorResponse,
  joinGroupRequest,
  joinGroupResponse,
  heartbeatRequest,
  heartbeatResponse,
  leaveGroupRequest,
  leaveGroupResponse,
  syncGroupRequest,
  syncGroupResponse,
  describeGroupsRequest,
  describeGroupsResponse,
  listGroupsRequest,
  listGroupsResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
  apiVersionsRequest,
  apiVersionsResponse,
  createTopicsRequest,
  createTopicsResponse,
  deleteTopicsRequest,
  deleteTopicsResponse,
  deleteRecordsRequest,
  deleteRecordsResponse,
  initProducerIdRequest,
  initProducerIdResponse,
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
  endTxnRequest,
  endTxnResponse,
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
  describeAclsRequest,
  describeAclsResponse,
  createAclsRequest,
  createAclsResponse,
  deleteAclsRequest,
  deleteAclsResponse,
  describeConfigsRequest,
  describeConfigsResponse,
  alterConfigsRequest,
  alterConfigsResponse,
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
  describeLogDirsRequest,
  describeLogDirsResponse,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  createPartitionsRequest,
  createPartitionsResponse,
  createDelegationTokenRequest,
  createDelegationTokenResponse,
  renewDelegationTokenRequest,
  renewDelegationTokenResponse,
  expireDelegationTokenRequest,
  expireDelegationTokenResponse,
  describeDelegationTokenRequest,
  describeDelegationTokenResponse,
  deleteGroupsRequest,
  deleteGroupsResponse,
  electLeadersRequest,
  electLeadersResponse,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
  offsetDeleteRequest,
  offsetDeleteResponse,
  describeClientQuotasRequest,
  describeClientQuotasResponse,
  alterClientQuotasRequest,
  alterClientQuotasResponse,
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
  voteRequest,
  voteResponse,
  beginQuorumEpochRequest,
  beginQuorumEpochResponse,
  endQuorumEpochRequest,
  endQuorumEpochResponse,
  describeQuorumRequest,
  describeQuorumResponse,
  alterPartitionRequest,
  alterPartitionResponse,
  updateFeaturesRequest,
  updateFeaturesResponse,
  envelopeRequest,
  envelopeResponse,
  fetchSnapshotRequest,
  fetchSnapshotResponse,
  describeClusterRequest,
  describeClusterResponse,
  describeProducersRequest,
  describeProducersResponse,
  brokerRegistrationRequest,
  brokerRegistrationResponse,
  brokerHeartbeatRequest,
  brokerHeartbeatResponse,
  unregisterBrokerRequest,
  unregisterBrokerResponse,
  describeTransactionsRequest,
  describeTransactionsResponse,
  listTransactionsRequest,
  listTransactionsResponse,
  allocateProducerIdsRequest,
  allocateProducerIdsResponse,
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
  consumerGroupDescribeRequest,
  consumerGroupDescribeResponse,
  controllerRegistrationRequest,
  controllerRegistrationResponse,
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
  pushTelemetryRequest,
  pushTelemetryResponse,
  assignReplicasToDirsRequest,
  assignReplicasToDirsResponse,
  listConfigResourcesRequest,
  listConfigResourcesResponse,
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  shareGroupHeartbeatRequest,
  shareGroupHeartbeatResponse,
  shareGroupDescribeRequest,
  shareGroupDescribeResponse,
  shareFetchRequest,
  shareFetchResponse,
  shareAcknowledgeRequest,
  shareAcknowledgeResponse,
  addRaftVoterRequest,
  addRaftVoterResponse,
  removeRaftVoterRequest,
  removeRaftVoterResponse,
  updateRaftVoterRequest,
  updateRaftVoterResponse,
  initializeShareGroupStateRequest,
  initializeShareGroupStateResponse,
  readShareGroupStateRequest,
  readShareGroupStateResponse,
  writeShareGroupStateRequest,
  writeShareGroupStateResponse,
  deleteShareGroupStateRequest,
  deleteShareGroupStateResponse,
  readShareGroupStateSummaryRequest,
  readShareGroupStateSummaryResponse,
  streamsGroupHeartbeatRequest,
  streamsGroupHeartbeatResponse,
  streamsGroupDescribeRequest,
  streamsGroupDescribeResponse,
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
  alterShareGroupOffsetsRequest,
  alterShareGroupOffsetsResponse,
  deleteShareGroupOffsetsRequest,
  deleteShareGroupOffsetsResponse,
  requestHeader,
  responseHeader,
  consumerProtocolSubscription,
  consumerProtocolAssignment,
  controlRecordTypeSchema,
  endTxnMarker,
  leaderChangeMessage,
  snapshotHeaderRecord,
  snapshotFooterRecord,
  kRaftVersionRecord,
  votersRecord,
  defaultPrincipalData,
  quorumStateData,
  registerBrokerRecord,
  unregisterBrokerRecord,
  topicRecord,
  partitionRecord,
  configRecord,
  partitionChangeRecord,
  fenceBrokerRecord,
  unfenceBrokerRecord,
  removeTopicRecord,
  delegationTokenRecord,
  userScramCredentialRecord,
  featureLevelRecord,
  clientQuotaRecord,
  producerIdsRecord,
  brokerRegistrationChangeRecord,
  accessControlEntryRecord,
  removeAccessControlEntryRecord,
  noOpRecord,
  zkMigrationStateRecord,
  removeUserScramCredentialRecord,
  beginTransactionRecord,
  endTransactionRecord,
  abortTransactionRecord,
  removeDelegationTokenRecord,
  registerControllerRecord,
  clearElrRecord,
  legacyOffsetCommitKey,
  legacyOffsetCommitValue,
  offsetCommitKey,
  offsetCommitValue,
  groupMetadataKey,
  groupMetadataValue,
  consumerGroupMetadataKey,
  consumerGroupMetadataValue,
  consumerGroupPartitionMetadataKey,
  consumerGroupPartitionMetadataValue,
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
  consumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataValue,
  consumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberValue,
  consumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentValue,
  shareGroupMemberMetadataKey,
  shareGroupMemberMetadataValue,
  shareGroupMetadataKey,
  shareGroupMetadataValue,
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
  streamsGroupMetadataKey,
  streamsGroupMetadataValue,
  streamsGroupMemberMetadataKey,
  streamsGroupMemberMetadataValue,
  streamsGroupTargetAssignmentMetadataKey,
  streamsGroupTargetAssignmentMetadataValue,
  streamsGroupTargetAssignmentMemberKey,
  streamsGroupTargetAssignmentMemberValue,
  streamsGroupCurrentMemberAssignmentKey,
  streamsGroupCurrentMemberAssignmentValue,
  streamsGroupTopologyKey,
  streamsGroupTopologyValue,
  shareSnapshotKey,
  shareSnapshotValue,
  shareUpdateKey,
  shareUpdateValue,
  transactionLogKey,
  transactionLogValue,
  producerSnapshot,
  remoteLogSegmentMetadataRecord,
  remoteLogSegmentMetadataUpdateRecord,
  remotePartitionDeleteMetadataRecord,
  remoteLogSegmentMetadataSnapshotRecord,
];
